"""Which reader reads which operator of which domain."""

from __future__ import annotations

from . import onnx_attention as heads
from .onnx_experts import mixture
from .onnx_operators import (
    MICROSOFT,
    Reader,
    convolution_reader,
    einsum,
    linear_model,
    matmul_reader,
    narrow,
    recurrent_reader,
)


def _readers() -> dict[tuple[str, str], Reader]:
    own: dict[str, Reader] = {
        "Conv": convolution_reader(1),
        "ConvInteger": convolution_reader(1),
        "QLinearConv": convolution_reader(3),
        "DeformConv": convolution_reader(1),
        "ConvTranspose": convolution_reader(1, transposed=True),
        "MatMul": matmul_reader(),
        "Gemm": matmul_reader(),
        "MatMulInteger": matmul_reader(),
        "QLinearMatMul": matmul_reader(3),
        "Einsum": einsum,
        "LSTM": recurrent_reader(4),
        "GRU": recurrent_reader(3),
        "RNN": recurrent_reader(1),
        "Attention": heads.attention,
    }
    microsoft: dict[str, Reader] = {
        "FusedConv": convolution_reader(1),
        "FusedMatMul": matmul_reader(),
        "TransposeMatMul": matmul_reader(),
        "FusedGemm": matmul_reader(),
        "GemmFastGelu": matmul_reader(),
        "GemmFloat8": matmul_reader(),
        "FusedMatMulActivation": matmul_reader(),
        "MatMulInteger16": matmul_reader(),
        "MatMulIntegerToFloat": matmul_reader(),
        "DynamicQuantizeMatMul": matmul_reader(),
        "QLinearMatMul": matmul_reader(3),
        "QGemm": matmul_reader(3),
        "MatMulNBits": narrow,
        "MatMulBnb4": narrow,
        "MatMulFpQ4": narrow,
        "DynamicQuantizeLSTM": recurrent_reader(4),
        "Attention": heads.microsoft_attention,
        "QAttention": heads.microsoft_attention,
        "MultiHeadAttention": heads.multi_head_attention,
        "GroupQueryAttention": heads.group_query_attention,
        "MoE": mixture,
        "QMoE": mixture,
    }
    learned: dict[str, Reader] = {
        "LinearClassifier": linear_model,
        "LinearRegressor": linear_model,
    }
    out: dict[tuple[str, str], Reader] = {("", k): v for k, v in own.items()}
    out |= {(MICROSOFT, k): v for k, v in microsoft.items()}
    return out | {("ai.onnx.ml", k): v for k, v in learned.items()}


READERS = _readers()
