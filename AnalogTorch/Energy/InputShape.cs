using AnalogTorch.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module;

namespace AnalogTorch.Energy;

/// <summary>Says which input a layer takes, before torch says so in its own words.</summary>
internal static class InputShape
{
    /// <summary>Refuses an input that a layer cannot take, in one sentence with both shapes.</summary>
    /// <param name="name">The layer's name.</param>
    /// <param name="module">The layer.</param>
    /// <param name="kind">What kind it is of.</param>
    /// <param name="input">The input.</param>
    /// <param name="given">What the whole model was given, to end the sentence with.</param>
    /// <exception cref="ArgumentException">The input does not fit.</exception>
    public static void Check(string name, Module module, LayerKind kind, LayerInput input, string given)
    {
        if (kind.GetType().Assembly != typeof(InputShape).Assembly)
            return; // whose inputs are its own business
        var weight = kind.Matrices(module).First().Weight;
        if ((Misfit(module, weight, input.X) ?? StateMisfit(module, input)) is { } wrong)
            throw new ArgumentException($"{name}: {wrong.What} must be {wrong.Rule}, but is {Text(wrong.Shape)}{given}.");
        if (input.X.dtype != weight.dtype && module is not Embedding)
        {
            throw new ArgumentException(
                $"{name}: the input must be {weight.dtype} like the weights, but is {input.X.dtype} {Text(input.X.shape)}{given}; convert it with .to(...).");
        }
    }

    /// <summary>A shape in brackets.</summary>
    public static string Text(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";

    private static (string What, string Rule, long[] Shape)? Misfit(Module module, Tensor weight, Tensor x)
    {
        var rule = module switch
        {
            Embedding => x.dtype is ScalarType.Int64 or ScalarType.Int32 ? null : "rows as Int64 or Int32",
            ConvolutionTranspose torch => TransposedKind.ShapeOf(torch).Misfit(x),
            Convolution torch => ConvolutionMisfit(ConvolutionGeometry.Of(torch), weight, x),
            AnalogConvolution own => ConvolutionMisfit(own.Geometry, weight, x),
            LSTMCell or GRUCell or RNNCell => Last(x, weight) && x.dim() is 1 or 2 ? null : $"[samples, {weight.shape[1]}] or [{weight.shape[1]}]",
            _ when module.has_parameter("weight_ih_l0") => Last(x, weight) && x.dim() is 2 or 3
                ? null
                : $"[time, samples, {weight.shape[1]}], or [samples, time, {weight.shape[1]}] of a layer with the samples first",
            _ => Last(x, weight) ? null : $"[..., {weight.shape[1]}]",
        };
        return rule is null ? null : ("the input", rule, x.shape);
    }

    private static bool Last(Tensor x, Tensor weight) => x.dim() > 0 && x.shape[^1] == weight.shape[1] && x.NumberOfElements > 0;

    private static string? ConvolutionMisfit(ConvolutionGeometry geometry, Tensor weight, Tensor x)
    {
        var shape = geometry.Shape;
        // Borders of another kind than zeros on both sides are put around the input first; as padding they are as long.
        var border = geometry.Border.Length == 0
            ? shape.Padding.Select(zeros => 2 * zeros)
            : Enumerable.Range(0, shape.Dimensions).Select(d => geometry.Border[2 * (shape.Dimensions - 1 - d)] + geometry.Border[2 * (shape.Dimensions - 1 - d) + 1]);
        var channels = weight.shape[1] * shape.Groups;
        var first = (int)x.dim() - shape.Dimensions - 1;
        if (first is not (0 or 1) || x.shape[first] != channels)
            return $"[samples, {channels}{string.Concat(Enumerable.Repeat(", size", shape.Dimensions))}]";
        foreach (var (d, zeros) in border.Index())
        {
            var span = shape.Dilation[d] * (shape.Kernel[d] - 1) + 1;
            if (x.shape[first + 1 + d] + zeros < span)
                return $"at least {span - zeros} long in dimension {first + 1 + d}, which is what the kernel spans less the padding";
        }
        return null;
    }

    private static (string What, string Rule, long[] Shape)? StateMisfit(Module module, LayerInput input)
    {
        if (input.Hidden is null || module is Bilinear or Transformer)
            return null;
        long[] expected;
        if (module is LSTMCell or GRUCell or RNNCell)
        {
            expected = [.. input.X.shape[..^1], module.get_parameter("weight_hh")!.shape[1]];
        }
        else
        {
            var layers = 0L;
            while (module.has_parameter($"weight_ih_l{layers}"))
                layers++;
            var directions = module.has_parameter("weight_ih_l0_reverse") ? 2 : 1;
            var units = module.get_parameter("weight_hh_l0")!.shape[1];
            // Which of the first two dimensions is that of the samples, only torch knows: either may be.
            var fits = input.X.dim() == 3 && input.Hidden.dim() == 3 && input.X.shape[..2].Contains(input.Hidden.shape[1]);
            var samples = fits ? input.Hidden.shape[1] : input.X.shape[0];
            expected = input.X.dim() == 3 ? [layers * directions, samples, units] : [layers * directions, units];
        }
        foreach (var (what, state) in new[] { ("the hidden state", input.Hidden), ("the cell state", input.Cell) })
            if (state is not null && !state.shape.SequenceEqual(expected))
                return (what, $"{Text(expected)} for an input {Text(input.X.shape)}", state.shape);
        return null;
    }
}
