using AnalogTorch.Cells;
using AnalogTorch.Devices;
using AnalogTorch.Periphery;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;

namespace AnalogTorch.Presets;

/// <summary>Hardware with one bidirectional device a weight (resistive processing units).</summary>
public static class RpuPresets
{
    /// <summary>The periphery of Gokmen and Vlasov (2016) in either direction: 7-bit inputs, noise, 9-bit outputs.</summary>
    /// <remarks>Noise 0.06 and bound 12 as in IBM aihwkit; its management of noise and bounds is added.</remarks>
    public static AnalogPath GokmenVlasovPath { get; } = new()
    {
        Scaling = new AbsMaxScaling(),
        Dac = new UniformConverter { Bits = 7 },
        OutputNoise = 0.06,
        Adc = new UniformConverter { Bits = 9, Bound = 12 },
        Saturation = new HalveInputs(),
    };

    /// <summary>The baseline of Gokmen and Vlasov (2016): about 1,200 symmetric steps, 30 % variation, trains of 10 slots.</summary>
    public static TileConfig GokmenVlasov { get; } = new()
    {
        Cell = new SingleDevice { Device = new ConstantStep() },
        Update = new StochasticTrains { BitLength = 10 },
        Forward = GokmenVlasovPath,
        Backward = GokmenVlasovPath,
    };

    /// <summary>ReRAM with exponential steps, and its write noise (Gong et al. 2018).</summary>
    public static TileConfig ReRamExp { get; } = new()
    {
        Cell = new SingleDevice { Device = DevicePresets.ReRamExp, WriteNoise = 75 },
        Update = new StochasticTrains { BitLength = 31 },
    };

    /// <summary>ReRAM with soft bounds against its symmetry point, and its write noise.</summary>
    public static TileConfig ReRamSoftBounds { get; } = new()
    {
        Cell = new SingleDevice { Device = DevicePresets.ReRamSoftBounds, Reference = new SymmetryPointReference(), WriteNoise = 56 },
        Update = new StochasticTrains { BitLength = 31 },
    };

    /// <summary>Trench capacitors in 14 nm (Li et al. 2018), without their leakage.</summary>
    public static TileConfig Capacitor { get; } = new()
    {
        Cell = new SingleDevice { Device = DevicePresets.Capacitor },
        Update = new StochasticTrains { BitLength = 31 },
    };

    /// <summary>Lithium ECRAM (Tang et al. 2018).</summary>
    public static TileConfig EcRam { get; } = new()
    {
        Cell = new SingleDevice { Device = DevicePresets.EcRam },
        Update = new StochasticTrains { BitLength = 31 },
    };

    /// <summary>All rules on ReRAM with exponential steps.</summary>
    public static RpuRules OnReRamExp { get; } = new(DevicePresets.ReRamExp, new ZeroReference(), 75, 0.5, (1000, 0.01, 31), (1000, 0.02, 31, 5));

    /// <summary>All rules on ReRAM with soft bounds against their symmetry point.</summary>
    public static RpuRules OnReRamSoftBounds { get; } =
        new(DevicePresets.ReRamSoftBounds, new SymmetryPointReference(), 56, 0.5, (1000, 0.01, 31), (1000, 0.02, 31, 5));

    /// <summary>All rules on trench capacitors, without their leakage.</summary>
    public static RpuRules OnCapacitor { get; } = new(DevicePresets.Capacitor, new ZeroReference(), 0, 0.1, (1000, 0.01, 31), (1000, 0.01, 31, 20));

    /// <summary>All rules on lithium ECRAM; trains of 100 slots of the source are cut to the 31 of a word.</summary>
    public static RpuRules OnEcRam { get; } = new(DevicePresets.EcRam, new ZeroReference(), 0, 0.1, (500, 0.01, 31), (750, 0.005, 31, 50));

    /// <summary>All rules on metal-oxide ECRAM; trains as of <see cref="OnEcRam"/>.</summary>
    public static RpuRules OnEcRamMetalOxide { get; } = new(DevicePresets.EcRamMetalOxide, new ZeroReference(), 0, 0.1, (500, 0.001, 31), (500, 0.005, 31, 50));

    /// <summary>All rules on an idealised device of 10,000 steps; trains as of <see cref="OnEcRam"/>.</summary>
    public static RpuRules OnIdealized { get; } = new(DevicePresets.Idealized, new ZeroReference(), 0, 0.1, (500, 0.001, 31), (500, 0.005, 31, 50));

    /// <summary>Tiki-Taka version 2 on ReRAM with soft bounds: what to begin with.</summary>
    public static TileConfig TikiTakaV2 => OnReRamSoftBounds.TikiTakaV2;
}
