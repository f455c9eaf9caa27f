"""Times ONNX Runtime's inference on the net of bench/throughput; the same flags, and -int8 for its dynamic quantisation."""

import pathlib
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import lstmbench


def varied(args):
    """Whether the texts of a batch differ in length."""
    return bool(args.lengths or args.words)


def net(args):
    """The ONNX model: ids [T][B] and lengths [B] to probs [B][C], with random weights."""
    rng = np.random.default_rng(args.seed)
    nodes, weights = [], []

    def weight(name, *shape):
        bound = args.hidden ** -0.5
        weights.append(numpy_helper.from_array(rng.uniform(-bound, bound, shape).astype(np.float32), name))
        return name

    def node(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    H, D = args.hidden, 1 + args.bidirectional
    x, width = node("Gather", [weight("table", lstmbench.VOCABULARY, args.input), "ids"], "x0"), args.input
    weights.append(numpy_helper.from_array(np.array([0, 0, -1], np.int64), "shape"))
    for l in range(args.layers):
        w, r = weight(f"w{l}", D, 4 * H, width), weight(f"r{l}", D, 4 * H, H)
        y = node("LSTM", [x, w, r, weight(f"b{l}", D, 8 * H), "lengths" if varied(args) else ""], f"y{l}",
                 hidden_size=H, direction="bidirectional" if D == 2 else "forward")  # [T][D][B][H]
        y = node("Transpose", [y], f"yt{l}", perm=[0, 2, 1, 3])
        x, width = node("Reshape", [y, "shape"], f"x{l + 1}"), D * H
    x = node("ReduceMax", [x], "pooled", axes=[0], keepdims=0)  # zeros after a sequence's end take part: a peer's favour
    x = node("Gemm", [x, weight("fc", lstmbench.LABELS, width), weight("fc_bias", lstmbench.LABELS)], "logits", transB=1)
    node("Softmax", [x], "probs", axis=1)
    inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, ["T", "B"])]
    if varied(args):
        inputs.append(helper.make_tensor_value_info("lengths", TensorProto.INT32, ["B"]))
    graph = helper.make_graph(nodes, "net", inputs, [helper.make_tensor_value_info("probs", TensorProto.FLOAT, ["B", 2])], weights)
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 14)])


def quantise(model):
    from onnxruntime.quantization import quantize_dynamic
    with tempfile.TemporaryDirectory() as d:
        f32, i8 = pathlib.Path(d, "f32.onnx"), pathlib.Path(d, "i8.onnx")
        onnx.save(model, f32)
        quantize_dynamic(f32, i8)
        return onnx.load(i8)


def main():
    p = lstmbench.flags()
    p.add_argument("-int8", action="store_true")
    args = p.parse_args()
    if args.mode != "infer":
        p.error("ONNX Runtime is timed in -mode infer alone")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    model = quantise(net(args)) if args.int8 else net(args)
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def infer(ids, lengths, _):
        feeds = {"ids": ids}
        if varied(args):
            feeds["lengths"] = lengths.astype(np.int32)
        session.run(None, feeds)

    lstmbench.measure(args, infer, onnxruntime=onnxruntime.__version__)


main()
