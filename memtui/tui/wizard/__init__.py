"""The wizard: one step per screen, over a draft that keeps everything until it is saved."""
