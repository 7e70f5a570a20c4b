"""Quick draws from a weighted choice."""


def deck(weights, size=1000):
    """A tuple of about ``size`` cards, each key of ``weights`` by its share, at least once.

    ``cards[int(random() * len(cards))]`` is then a weighted draw in one step.

    :param weights: {card: weight, any positive numbers}
    """
    total = sum(weights.values())
    cards = []
    for card, weight in weights.items():
        cards.extend([card] * max(1, round(size * weight / total)))
    return tuple(cards)


def pick(cards, random):
    """One card of ``cards``, drawn by ``random()`` in [0, 1)."""
    return cards[int(random() * len(cards))]
