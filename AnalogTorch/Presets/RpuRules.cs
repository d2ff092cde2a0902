using AnalogTorch.Cells;
using AnalogTorch.Devices;
using AnalogTorch.Periphery;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;

namespace AnalogTorch.Presets;

/// <summary>The training rules on one device, as IBM aihwkit's presets have them: the same periphery, transfers, trains and buffers.</summary>
/// <remarks>
/// Numbers of its <c>presets/configs.py</c> and <c>configs/compounds.py</c>: 7-bit inputs, 9-bit outputs of bound 20, output noise 0.1 and scaling by
/// the largest input; transfers are
/// read without scaling. Tiki-Taka version 1 has γ 0 and transfers an input line every example at the learning rate.
/// </remarks>
public sealed class RpuRules
{
    private readonly PulsedDevice device;
    private readonly Reference reference;
    private readonly double fastRate, granularity, agadGranularity, chopping, agadChopping, tail;
    private readonly int slots, agadSlots;

    internal RpuRules(
        PulsedDevice device, Reference reference, double writeNoise, double fastRate, (double Granularity, double Chopping, int Slots) chopped,
        (double Granularity, double Chopping, int Slots, double Tail) agad)
    {
        (this.device, this.reference, this.fastRate) = (device, reference, fastRate);
        (granularity, chopping, slots) = chopped;
        (agadGranularity, agadChopping, agadSlots, tail) = agad;
        Sgd = Tile(new SingleDevice { Device = device, Reference = reference, WriteNoise = writeNoise }, 31);
    }

    /// <summary>The periphery of all of them.</summary>
    public static AnalogPath Path { get; } = new()
    {
        Scaling = new AbsMaxScaling(),
        Dac = new UniformConverter { Bits = 7 },
        OutputNoise = 0.1,
        Adc = new UniformConverter { Bits = 9, Bound = 20 },
        Saturation = new HalveInputs(),
    };

    /// <summary>The path of transfers: the same converters, without scaling and repeated reads.</summary>
    public static AnalogPath TransferPath { get; } = Path with { Scaling = new NoScaling(), Saturation = new ClipOutputs() };

    /// <summary>Plain stochastic gradient descent by pulses.</summary>
    public TileConfig Sgd { get; }

    /// <summary>Tiki-Taka version 1.</summary>
    public TileConfig TikiTaka => Tile(
        new TikiTaka { Fast = device, Slow = device, SlowReference = Slow, FastReference = Fast, Reading = TransferPath }, 31);

    /// <summary>Tiki-Taka version 2.</summary>
    public TileConfig TikiTakaV2 => Tile(
        new BufferedTikiTaka
        {
            Fast = device,
            Slow = device,
            SlowReference = Slow,
            FastReference = Fast,
            Reading = TransferPath,
            FastRate = Automatic(slots),
            Granularity = granularity,
        },
        slots);

    /// <summary>Chopped Tiki-Taka version 2.</summary>
    public TileConfig ChoppedTikiTakaV2 => Tile(
        new ChoppedTikiTaka
        {
            Fast = device,
            Slow = device,
            SlowReference = Slow,
            FastReference = Fast,
            Reading = TransferPath,
            FastRate = Automatic(slots),
            Granularity = granularity,
            Chopper = new RandomChopper { Probability = chopping },
        },
        slots);

    /// <summary>AGAD, whose signs flip regularly.</summary>
    public TileConfig Agad => Tile(
        new Agad
        {
            Fast = device,
            Slow = device,
            SlowReference = Slow,
            Reading = TransferPath,
            FastRate = Automatic(agadSlots),
            Granularity = agadGranularity,
            Chopper = new RegularChopper { Reads = (int)Math.Round(1 / agadChopping) },
            Tail = tail,
        },
        agadSlots);

    /// <summary>Mixed precision: gradients gather digitally, of inputs and errors as they are.</summary>
    public TileConfig MixedPrecision =>
        Tile(new MixedPrecision { Synapse = new BidirectionalSynapse { Device = device, Reference = reference } }, 31) with { Update = new ExactUpdate() };

    /// <summary>The fast array's symmetry point is taken out, where the device has one that a calibration finds.</summary>
    private Reference Fast => SymmetryPoint.Of(device) is null ? new ZeroReference() : new SymmetryPointReference();

    private Reference Slow => reference;

    /// <summary>η₀ is the fast rate of the source, l_max the slots of a train.</summary>
    private AutomaticRate Automatic(int pulses) => new() { Gain = fastRate, Pulses = pulses };

    private static TileConfig Tile(UnitCell cell, int slots) => new()
    {
        Cell = cell,
        Update = new StochasticTrains { BitLength = Math.Min(slots, 31) },
        Forward = Path,
        Backward = Path,
    };
}
