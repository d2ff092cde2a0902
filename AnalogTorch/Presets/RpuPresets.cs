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
}
