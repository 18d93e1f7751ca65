"""Small ONNX models, written as one line a node."""

import numpy as np


def floats(name, *shape):
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))


def weights(**tensors):
    from onnx import numpy_helper

    out = []
    for name, value in tensors.items():
        array = np.zeros(value, np.float32) if isinstance(value, tuple) else np.array(value)
        out.append(numpy_helper.from_array(array, name))
    return out


def save(
    path, nodes, inputs, outputs, initializers=(), opset=17, domains=(), infos=(), functions=()
):
    import onnx
    from onnx import helper

    graph = helper.make_graph(
        list(nodes), "g", list(inputs), list(outputs), list(initializers), value_info=list(infos)
    )
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in domains)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10, functions=list(functions))
    onnx.save(model, str(path))
    return path
