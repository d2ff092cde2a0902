using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Why a module with parameters stays digital.</summary>
internal static class DigitalReason
{
    public static string Of(nn.Module module) => module switch
    {
        Embedding or EmbeddingBag => "digital: a look-up, not a product",
        BatchNorm1d or BatchNorm2d or BatchNorm3d or LayerNorm or GroupNorm or InstanceNorm1d or InstanceNorm2d or InstanceNorm3d => "digital: scales and shifts, no matrix",
        PReLU => "digital: an activation",
        ConvTranspose1d or ConvTranspose2d or ConvTranspose3d => "digital: transposed convolutions are not simulated",
        Bilinear => "digital: a product of two inputs",
        MultiheadAttention or TransformerEncoderLayer or TransformerDecoderLayer or TransformerEncoder or TransformerDecoder or Transformer =>
            "digital: torch computes it in one piece; build it from Linear layers",
        _ when module.GetType().Assembly != typeof(nn.Module).Assembly => "digital: parameters of its own, outside of layers",
        _ => "digital: this kind of layer is not simulated",
    };
}
