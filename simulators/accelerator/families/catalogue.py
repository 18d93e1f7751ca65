"""The networks that ship, with their sources."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..layers import Network
from .convnext import convnext
from .convolutional import alexnet, googlenet, resnet, vgg16
from .decoders import LLAMA_7B, LLAMA_8B, LLAMA_70B, MIXTRAL, decode, prefill
from .diffusion import block, unet
from .encoders import bert_base, gpt2, vit
from .mobile import efficientnet, mobilenet_v2
from .whisper import decode as whisper_decode
from .whisper import encode as whisper_encode
from .yolo import yolov8

TOKENS = 2048  # of prompts, and of what a decoded token looks at, itself included


class Entry(NamedTuple):
    """How a network is made, and where its shapes are published."""

    make: Callable[[str], Network]
    source: str


_ALEXNET = "Krizhevsky et al. 2012, two groups"
_RESNET = "He et al. 2016, stride in the 3x3 of the bottleneck as torchvision has it"
_EFFICIENTNET = "Tan and Le 2019, arXiv 1905.11946"
_VIT = "Dosovitskiy et al. 2021, arXiv 2010.11929, table 1; 224 pixels, 197 tokens"
_GPT2 = "Radford et al. 2019, 124 M"
_LLAMA = "Touvron et al. 2023, arXiv 2302.13971, table 2"
_LLAMA_3 = "Llama team 2024, arXiv 2407.21783, table 3"
_MIXTRAL = "Jiang et al. 2024, arXiv 2401.04088, table 1"
_WHISPER = "Radford et al. 2022, arXiv 2212.04356, table 1"
_DIFFUSION = "Rombach et al. 2022, arXiv 2112.10752; Stable Diffusion 1, 512 pixels"
_PROMPT = f"; a prompt of {TOKENS:,} tokens"
_TOKEN = f"; one token that looks at {TOKENS:,}, itself included"

NETWORKS = {
    "alexnet": Entry(alexnet, _ALEXNET),
    "alexnet-conv": Entry(lambda name: alexnet(name, fully_connected=False), _ALEXNET),
    "vgg16": Entry(lambda _: vgg16(), "Simonyan and Zisserman 2015"),
    "resnet18": Entry(lambda name: resnet(name, False, (2, 2, 2, 2)), _RESNET),
    "resnet50": Entry(lambda name: resnet(name, True, (3, 4, 6, 3)), _RESNET),
    "mobilenet-v2": Entry(lambda _: mobilenet_v2(), "Sandler et al. 2018, table 2"),
    "googlenet": Entry(lambda _: googlenet(), "Szegedy et al. 2015, table 1"),
    "efficientnet-b0": Entry(lambda name: efficientnet(name, 1.0, 1.0, 224), _EFFICIENTNET),
    "efficientnet-b4": Entry(
        lambda name: efficientnet(name, 1.4, 1.8, 380), f"{_EFFICIENTNET}; 380 pixels"
    ),
    "convnext-t": Entry(
        lambda name: convnext(name, (3, 3, 9, 3), (96, 192, 384, 768)),
        "Liu et al. 2022, arXiv 2201.03545; 224 pixels",
    ),
    "yolov8n": Entry(
        lambda name: yolov8(name, 0.25, 1 / 3),
        "Jocher et al. 2023, github.com/ultralytics/ultralytics, yolov8.yaml; 640 pixels, 80 classes",
    ),
    "vit-b": Entry(lambda name: vit(name, 768, 12, 12), _VIT),
    "vit-l": Entry(lambda name: vit(name, 1024, 16, 24), _VIT),
    "sd-unet": Entry(unet, _DIFFUSION),
    "sd-unet-block": Entry(
        lambda name: block(name, 640, 32), f"{_DIFFUSION}; one block of its second level"
    ),
    "bert-base": Entry(lambda _: bert_base(512), "Devlin et al. 2019; 512 tokens"),
    "gpt2-prefill": Entry(lambda n: gpt2(n, 1024, 1024), f"{_GPT2}; a prompt of 1,024 tokens"),
    "gpt2-decode": Entry(lambda n: gpt2(n, 1, 1025), f"{_GPT2}; one token after 1,024"),
    "llama-7b-prefill": Entry(lambda n: prefill(LLAMA_7B, TOKENS, n), _LLAMA + _PROMPT),
    "llama-7b-decode": Entry(lambda n: decode(LLAMA_7B, TOKENS, n), _LLAMA + _TOKEN),
    "llama-8b-prefill": Entry(lambda n: prefill(LLAMA_8B, TOKENS, n), _LLAMA_3 + _PROMPT),
    "llama-8b-decode": Entry(lambda n: decode(LLAMA_8B, TOKENS, n), _LLAMA_3 + _TOKEN),
    "llama-70b-prefill": Entry(lambda n: prefill(LLAMA_70B, TOKENS, n), _LLAMA_3 + _PROMPT),
    "llama-70b-decode": Entry(lambda n: decode(LLAMA_70B, TOKENS, n), _LLAMA_3 + _TOKEN),
    "mixtral-8x7b-prefill": Entry(lambda n: prefill(MIXTRAL, TOKENS, n), _MIXTRAL + _PROMPT),
    "mixtral-8x7b-decode": Entry(lambda n: decode(MIXTRAL, TOKENS, n), _MIXTRAL + _TOKEN),
    "whisper-small-encode": Entry(
        lambda name: whisper_encode(name, 768, 12, 12), f"{_WHISPER}; 30 s of speech"
    ),
    "whisper-small-decode": Entry(
        lambda name: whisper_decode(name, 768, 12, 12, 224),
        f"{_WHISPER}; one token that looks at 224, itself included",
    ),
}
