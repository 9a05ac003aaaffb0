"""What is known of languages in Latin script: their stemmer, and words that give them away."""

# English comes first: it is what a text is taken for that does not say.
STEMMERS: dict[str, str] = {
    "english": "english",
    "german": "german",
    "french": "french",
    "spanish": "spanish",
    "italian": "italian",
    "portuguese": "portuguese",
    "dutch": "dutch",
    "swedish": "swedish",
    "polish": "polish",
    "romanian": "romanian",
    "turkish": "turkish",
    "vietnamese": "",
}

# Never indexed and never searched for, in whatever language: they must not depend on a guess.
_ENGLISH = """a an and are as at be been being but by did do does for from had has have how i if in
    into is it its of on or s such t that the their then there these they this to was were what when
    where which who whom whose why will with would you your"""
STOP_WORDS: frozenset[str] = frozenset(_ENGLISH.split())

# Folded as in `terms`. Words of several languages are listed with each; names and words of
# meaning are not. A query in a language is searched without these.
FUNCTION_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "english": _ENGLISH,
        "german": """der die das den dem des ein eine einen einem einer und oder nicht ist sind war
            waren wird wurde wurden wer was wann wo wie warum welche welcher welches von vom zu zum
            zur mit für auf im in an bei aus nach als auch es er sie ich hat haben""",
        "french": """le la les l un une des du de d et ou est sont était étaient qui que qu quel
            quelle quels quelles quand où comment pourquoi dans en à au aux par pour sur avec ce
            cette ces se ne pas il elle je a été""",
        "spanish": """el la los las un una unos unas de del y e o es son fue era eran qué quién
            quiénes cuál cuáles cuándo cuánto cuántos cuántas dónde cómo que en a al por para con
            su sus se no lo ha han""",
        "italian": """il lo la i gli le l un una uno di del della dei delle degli dell e o è sono
            era erano fu che chi quale quali quando quanto quanti dove come perché in nel nella a
            al alla da dal dalla per con su si non ha ho""",
        "portuguese": """o a os as um uma de do da dos das e ou é são foi era eram que quem qual
            quais quando quanto quantos onde como porque em no na nos nas ao à por pelo pela para
            com seu sua se não""",
        "dutch": """de het een en of is zijn was waren werd wie wat wanneer waar hoe waarom welke
            van voor met op in aan bij uit naar als ook niet dat die dit deze hij zij ik heeft
            hebben er te""",
        "swedish": """den det en ett och eller är var som vem vad när hur varför vilken vilket
            vilka av för med på i till från om att inte de han hon jag har hade sig""",
        "polish": """i w z ze na do od o po za przez dla się nie to jest są był była było były kto
            co kiedy gdzie jak dlaczego jaki jaka jakie który która które że ich jego jej""",
        "romanian": """un o și sau este sunt era erau fost a al ai ale cine ce când unde cum care
            câți câte de din în la pe cu pentru prin să se nu că lui lor""",
        "turkish": """bir ve veya ile bu şu o ne kim nasil neden niçin hangi kaç nerede zaman mi mu
            mü için olarak olan oldu olduğu gibi kadar daha çok en de da ki değil ise""",
        "vietnamese": """là và của có được những các một trong cho không với này đã để ai gì nào
            khi đâu bao nhiêu như thế về từ tại vào ra đến sự""",
    }.items()
}
