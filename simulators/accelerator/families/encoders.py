"""ViT, BERT and GPT-2: identical blocks, with something before and after them."""

from __future__ import annotations

from ..layers import Layer, Network
from .tokens import blocks


def vit(name: str, width: int, heads: int, count: int, patch: int = 16, size: int = 224) -> Network:
    """A vision transformer with a class token (Dosovitskiy et al. 2021, table 1).

    Args:
        name: of the network.
        width: of a token.
        heads: of attention.
        count: blocks.
        patch: height and width of a patch.
        size: height and width of the picture.

    Returns:
        The network, for 1,000 classes.
    """
    side = size // patch
    window = {"P": side, "Q": side, "R": patch, "S": patch, "stride_h": patch, "stride_w": patch}
    patches = Layer("patches", K=width, C=3, **window)
    tokens = side * side + 1
    return Network(
        name, (patches, *blocks(tokens, width, heads, count), Layer("head", K=1000, C=width))
    )


def bert_base(tokens: int) -> Network:
    """BERT-base with its pooler.

    Args:
        tokens: of a sequence.

    Returns:
        The network.
    """
    return Network("bert-base", (*blocks(tokens, 768, 12, 12), Layer("pooler", K=768, C=768)))


def gpt2(name: str, tokens: int, context: int) -> Network:
    """GPT-2 with 124 M parameters; the vocabulary is asked of the last token alone.

    Args:
        name: of the network.
        tokens: that are worked on.
        context: that attention looks at.

    Returns:
        The network.
    """
    layers = blocks(tokens, 768, 12, 12, context)
    return Network(name, (*layers, Layer("vocabulary", K=50257, C=768)))
