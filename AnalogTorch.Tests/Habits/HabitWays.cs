using AnalogTorch.Cells;
using AnalogTorch.Conductance;
using AnalogTorch.Devices;
using AnalogTorch.Inference;
using AnalogTorch.Layers;
using AnalogTorch.Optim;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Habits;

/// <summary>A way in which a layer meets ideal hardware.</summary>
/// <param name="Name">What it is called in the table.</param>
/// <param name="Convert">Puts a layer on the hardware; what is returned takes it off.</param>
/// <param name="Optimizer">The optimizer that a user of this way takes.</param>
/// <param name="Trains">Whether the layer can be trained.</param>
public sealed record HabitWay(string Name, Func<nn.Module, IDisposable?> Convert, Func<IEnumerable<Parameter>, optim.Optimizer> Optimizer, bool Trains)
{
    public const double Rate = 0.1;

    public static TileConfig Ideal { get; } = new()
    {
        Cell = new SingleDevice
        {
            Device = new ConstantStep { DwMin = 1e-3, Min = -10, Max = 10, DwMinVariation = 0, UpDownVariation = 0, MinVariation = 0, MaxVariation = 0, CycleNoise = 0 },
        },
        Update = new ExactUpdate(),
    };

    /// <summary>Torch alone, which the others are held against.</summary>
    public static HabitWay Digital { get; } = new("digital", _ => null, Sgd, Trains: true);

    /// <summary>All ways on hardware.</summary>
    public static IReadOnlyList<HabitWay> All { get; } =
    [
        new("in memory", layer => Tiles(layer, Ideal), parameters => new AnalogSGD(parameters, Rate), Trains: true),
        new("hardware-aware", layer => Tiles(layer, new HardwareAwareConfig()), Sgd, Trains: true),
        new("programmed", layer => layer.Program(new InferenceConfig { Memory = new IdealMemory() }, seed: 1), Sgd, Trains: false),
    ];

    private static optim.Optimizer Sgd(IEnumerable<Parameter> parameters) => optim.SGD(parameters, Rate);

    private static IDisposable? Tiles(nn.Module layer, LayerHardware hardware)
    {
        layer.ToAnalog(hardware, seed: 1);
        return null;
    }
}
