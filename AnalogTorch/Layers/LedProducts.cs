using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <content>Products that a model's own code takes: with weights on a tile they are led or refused, others are torch's.</content>
public static partial class LedCalls
{
    /// <summary><c>functional.linear(input, weights, bias)</c></summary>
    public static Tensor Linear(Tensor input, Tensor weights, Tensor? bias)
    {
        if (input.NumberOfElements == 0 || AnalogLayer.LayerOf(weights) is not { } layer)
        {
            var result = nn.functional.linear(input, weights, bias);
            ProductWatch.Note("linear", () => result.NumberOfElements * weights.shape[^1], input, weights);
            return result;
        }
        if (LayerPort.Of(layer.Module) is LayerPort<Tensor, Tensor> { Run: { } run } && layer.Tiles is [var tile] && weights.dim() == 2
            && SameOrNone(bias, layer.Matrices[0].Bias))
            return run(input);
        throw Misused(layer, "functional.linear");
    }

    /// <summary><c>functional.conv1d(…)</c></summary>
    public static Tensor Conv1d(Tensor input, Tensor weight, Tensor? bias, long? stride, long? padding, long? dilation, long groups) =>
        Convolve(input, weight, "conv1d", () => nn.functional.conv1d(input, weight, bias!, stride, padding, dilation, groups));

    /// <summary><c>functional.conv2d(…)</c></summary>
    public static Tensor Conv2d(Tensor input, Tensor weight, Tensor? bias, long[]? strides, long[]? padding, long[]? dilation, long groups) =>
        Convolve(input, weight, "conv2d", () => nn.functional.conv2d(input, weight, bias!, strides, padding, dilation, groups));

    /// <summary><c>functional.conv3d(…)</c></summary>
    public static Tensor Conv3d(Tensor input, Tensor weight, Tensor? bias, long[]? strides, long[]? padding, long[]? dilation, long groups) =>
        Convolve(input, weight, "conv3d", () => nn.functional.conv3d(input, weight, bias!, strides, padding, dilation, groups));

    /// <summary><c>functional.conv_transpose1d(…)</c></summary>
    public static Tensor ConvTranspose1d(Tensor input, Tensor weight, Tensor? bias, long? stride, long? padding, long? outputPadding, long? dilation, long groups) =>
        Transpose(input, weight, "conv_transpose1d", () => nn.functional.conv_transpose1d(input, weight, bias!, stride, padding, outputPadding, dilation, groups));

    /// <summary><c>functional.conv_transpose2d(…)</c></summary>
    public static Tensor ConvTranspose2d(
        Tensor input, Tensor weight, Tensor? bias, long[]? strides, long[]? padding, long[]? outputPadding, long[]? dilation, long groups) =>
        Transpose(input, weight, "conv_transpose2d", () => nn.functional.conv_transpose2d(input, weight, bias!, strides, padding, outputPadding, dilation, groups));

    /// <summary><c>functional.conv_transpose3d(…)</c></summary>
    public static Tensor ConvTranspose3d(
        Tensor input, Tensor weight, Tensor? bias, long[]? strides, long[]? padding, long[]? outputPadding, long[]? dilation, long groups) =>
        Transpose(input, weight, "conv_transpose3d", () => nn.functional.conv_transpose3d(input, weight, bias!, strides, padding, outputPadding, dilation, groups));

    /// <summary><c>functional.bilinear(input1, input2, weight, bias)</c></summary>
    public static Tensor Bilinear(Tensor first, Tensor second, Tensor weight, Tensor? bias) =>
        Digital("functional.bilinear", [first, second, weight], () => nn.functional.bilinear(first, second, weight, bias),
            result => result.NumberOfElements * first.shape[^1] * (second.shape[^1] + 1));

    /// <summary><c>functional.scaled_dot_product_attention(…)</c></summary>
    public static Tensor Attention(Tensor query, Tensor key, Tensor value, Tensor? mask, double p, bool isCausal) =>
        Digital("functional.scaled_dot_product_attention", [query, key, value], () => nn.functional.scaled_dot_product_attention(query, key, value, mask, p, isCausal),
            _ => query.NumberOfElements * key.shape[^2] + query.NumberOfElements / query.shape[^1] * key.shape[^2] * value.shape[^1]);

    /// <summary><c>torch.matmul(input, other)</c></summary>
    public static Tensor MatMul(Tensor input, Tensor other) => Product("matmul", input, other, input.matmul);

    /// <summary><c>torch.mm(input, other)</c></summary>
    public static Tensor Mm(Tensor input, Tensor other) => Product("mm", input, other, input.mm);

    /// <summary><c>torch.mv(input, vector)</c></summary>
    public static Tensor Mv(Tensor input, Tensor vector) => Product("mv", input, vector, input.mv);

    /// <summary><c>torch.bmm(input, other)</c></summary>
    public static Tensor Bmm(Tensor input, Tensor other) => Product("bmm", input, other, input.bmm);

    /// <summary><c>torch.inner(input, other)</c></summary>
    public static Tensor Inner(Tensor input, Tensor other) => Product("inner", input, other, input.inner);

    /// <summary><c>torch.addmm(input, first, second, beta, alpha)</c></summary>
    public static Tensor AddMm(Tensor input, Tensor first, Tensor second, float beta, float alpha) =>
        Digital("addmm", [first, second], () => input.addmm(first, second, beta, alpha), result => result.NumberOfElements * first.shape[^1]);

    /// <summary><c>torch.addmv(input, matrix, vector, beta, alpha)</c></summary>
    public static Tensor AddMv(Tensor input, Tensor matrix, Tensor vector, float beta, float alpha) =>
        Digital("addmv", [matrix, vector], () => input.addmv(matrix, vector, beta, alpha), _ => matrix.NumberOfElements);

    /// <summary><c>torch.baddbmm(input, first, second, beta, alpha)</c></summary>
    public static Tensor BAddBmm(Tensor input, Tensor first, Tensor second, float beta, float alpha) =>
        Digital("baddbmm", [first, second], () => input.baddbmm(first, second, beta, alpha), result => result.NumberOfElements * first.shape[^1]);

    /// <summary><c>torch.addbmm(input, first, second, beta, alpha)</c></summary>
    public static Tensor AddBmm(Tensor input, Tensor first, Tensor second, float beta, float alpha) =>
        Digital("addbmm", [first, second], () => input.addbmm(first, second, beta, alpha), result => result.NumberOfElements * first.shape[^1] * first.shape[0]);

    /// <summary><c>torch.tensordot(first, second, dims)</c></summary>
    public static Tensor TensorDot(Tensor first, Tensor second, long dims) =>
        Digital("tensordot", [first, second], () => first.tensordot(second, dims), result => OfContraction(first, second, result));

    /// <summary><c>torch.tensordot(first, second, dims1, dims2)</c></summary>
    public static Tensor TensorDot(Tensor first, Tensor second, long[] dims1, long[] dims2) =>
        Digital("tensordot", [first, second], () => tensordot(first, second, dims1, dims2), result => OfContraction(first, second, result));

    /// <summary><c>torch.tensordot(first, second, dims)</c></summary>
    public static Tensor TensorDot(Tensor first, Tensor second, (long, long)[] dims) =>
        Digital("tensordot", [first, second], () => first.tensordot(second, dims), result => OfContraction(first, second, result));

    /// <summary><c>torch.einsum(equation, tensors)</c></summary>
    public static Tensor Einsum(string equation, Tensor[] tensors) =>
        Digital("einsum", tensors, () => einsum(equation, tensors), _ => ProductWatch.OfEinsum(equation, tensors));

    private static Tensor Convolve(Tensor input, Tensor weight, string function, Func<Tensor> digital) =>
        Digital($"functional.{function}", [input, weight], digital, result => result.NumberOfElements * (weight.NumberOfElements / weight.shape[0]));

    private static Tensor Transpose(Tensor input, Tensor weight, string function, Func<Tensor> digital) =>
        Digital($"functional.{function}", [input, weight], digital, _ => input.NumberOfElements * (weight.NumberOfElements / weight.shape[0]));

    private static Tensor Product(string function, Tensor input, Tensor other, Func<Tensor, Tensor> digital) =>
        Digital(function, [input, other], () => digital(other), result => result.NumberOfElements * input.shape[^1]);

    /// <summary>Torch's product, unless one of its factors is on a tile.</summary>
    private static Tensor Digital(string function, Tensor[] factors, Func<Tensor> digital, Func<Tensor, long> multiplyAccumulates)
    {
        // Without rows, modules of others run as stand-ins.
        if (Array.TrueForAll(factors, factor => factor.NumberOfElements > 0) && Array.Find(factors, factor => AnalogLayer.LayerOf(factor) is not null) is { } onTile)
            throw Misused(AnalogLayer.LayerOf(onTile)!, function);
        var result = digital();
        ProductWatch.Note(function, () => multiplyAccumulates(result), factors);
        return result;
    }

    /// <summary>Of a product without indices that both factors and the result have: n·m·k, of n·k and k·m to n·m.</summary>
    private static long OfContraction(Tensor first, Tensor second, Tensor result) =>
        (long)Math.Round(Math.Sqrt((double)first.NumberOfElements * second.NumberOfElements * result.NumberOfElements));

    private static bool SameOrNone(Tensor? given, Parameter? own) => given is null ? own is null : own is not null && given.Handle == own.Handle;
}
