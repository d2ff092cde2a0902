using System.Reflection;
using AnalogTorch.Kernels;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>What a recurrent layer is like, beside its weights.</summary>
/// <param name="Kernel">What a unit does.</param>
/// <param name="Units">Number of hidden units.</param>
/// <param name="Layers">Number of layers.</param>
/// <param name="HasBias">Whether there are biases.</param>
/// <param name="IsBatchFirst">Whether samples come before time.</param>
/// <param name="IsBidirectional">Whether a second set of weights runs backward in time.</param>
/// <param name="Dropout">Share of values that are dropped between layers.</param>
internal sealed record RecurrentSettings(IRecurrentKernel Kernel, long Units, long Layers, bool HasBias, bool IsBatchFirst, bool IsBidirectional, double Dropout)
{
    /// <summary>The settings of a torch layer.</summary>
    /// <remarks>Torch keeps some of them to itself: dropout and the kind of plain units are found by running the layer with weights of which the answer tells.</remarks>
    public static RecurrentSettings Of(nn.Module layer)
    {
        var layers = Enumerable.Range(0, int.MaxValue).TakeWhile(index => layer.has_parameter($"weight_ih_l{index}")).Count();
        var settings = new RecurrentSettings(
            layer switch
            {
                LSTM => new RecurrentKernel<LstmStep>(),
                GRU => new RecurrentKernel<GruStep>(),
                _ => RecurrentProbe.IsRectified((RNN)layer) ? new RecurrentKernel<ReluStep>() : new RecurrentKernel<TanhStep>(),
            },
            layer.get_parameter("weight_hh_l0")!.shape[1], layers, layer.has_parameter("bias_ih_l0"),
            Private<bool>(layer, "_batch_first"), layer.has_parameter("weight_ih_l0_reverse"), 0);
        return layers > 1 ? settings with { Dropout = RecurrentProbe.Dropout(layer, settings) } : settings;
    }

    private static T Private<T>(nn.Module layer, string field) =>
        layer.GetType().GetField(field, BindingFlags.Instance | BindingFlags.NonPublic)?.GetValue(layer) is T value
            ? value
            : throw new NotSupportedException($"{LayerKind.NameOf(layer)} cannot be converted: this version of TorchSharp keeps its settings in another way; use version 0.107.0.");
}
