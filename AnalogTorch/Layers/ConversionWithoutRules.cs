using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Conversions without rules, for languages such as F# that cannot leave out a <c>params</c> collection; in C# they are those of <see cref="ModelConversion"/>.</summary>
public static class ConversionWithoutRules
{
    /// <inheritdoc cref="ModelConversion.ToAnalog"/>
    public static ConversionReport ToAnalog(this nn.Module model, LayerHardware hardware, long seed = 0) => ModelConversion.ToAnalog(model, hardware, seed, []);

    /// <inheritdoc cref="ModelConversion.PlanAnalog"/>
    public static ConversionReport PlanAnalog(this nn.Module model, LayerHardware hardware) => ModelConversion.PlanAnalog(model, hardware, []);

    /// <inheritdoc cref="LowRankAdapters.AddAdapters"/>
    public static Adapters AddAdapters(this nn.Module model, int rank = 8, double scale = 8, long seed = 0) => LowRankAdapters.AddAdapters(model, rank, scale, seed, []);
}
