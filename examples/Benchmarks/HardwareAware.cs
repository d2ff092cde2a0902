using AnalogTorch.Cells;
using AnalogTorch.Devices;
using AnalogTorch.Layers;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using TorchSharp;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>The one place that knows how a network is made to run on hardware that it is not trained in.</summary>
internal static class HardwareAware
{
    /// <summary>
    /// Turns a model's layers into ones that are trained digitally with a fresh draw of weight noise per batch; null while the library
    /// has none, and then the row <c>hardware-aware</c> is left out.
    /// </summary>
    public static Action<torch.nn.Module, long>? ConvertForTraining => null;

    /// <summary>Turns a trained model's layers into ones that read their weights through 8-bit converters with output noise.</summary>
    /// <remarks>Here a tile of ideal devices, which hold any weight; the model is then used in eval mode.</remarks>
    public static void ConvertForInference(torch.nn.Module model, long seed) => model.ToAnalog(Ideal, seed);

    private static TileConfig Ideal { get; } = new()
    {
        Cell = new SingleDevice
        {
            Device = new ConstantStep { Min = -100, Max = 100, DwMinVariation = 0, UpDownVariation = 0, MinVariation = 0, MaxVariation = 0, CycleNoise = 0 },
        },
        Forward = PcmPresets.EightBitPath,
    };
}
