"""`python -m memtui` and the `memtui` command."""


def main() -> None:
    from memtui.cli import main as run

    run()


if __name__ == "__main__":
    main()
