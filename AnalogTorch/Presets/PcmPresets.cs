using AnalogTorch.Cells;
using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Periphery;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;

namespace AnalogTorch.Presets;

/// <summary>Hardware with phase-change memory.</summary>
public static class PcmPresets
{
    private const int PrecisePairs = 12;

    // A capacitor creeps 1 % of its way in 200 examples, so working leakage in more often takes time and changes nothing; in 2,000 it loses 9 % of what it holds.
    private static readonly MspLspCell FittedCell = new()
    {
        SiemensPerWeight = 75 * Units.uS,
        TransferEvery = 2_000,
        Trigger = new AdaptiveInterval(),
        LeakEvery = 200,
    };

    /// <summary>The 2T2R+3T1C unit cell of Ambrogio et al., Nature 558:60 (2018), with polarity inversion, made to fit itself to what it learns; ideal periphery.</summary>
    /// <remarks>
    /// Gain is the paper's; longest interval, offset rule, conductance scale, tries and correction budget are chosen here. So is what fits itself, on
    /// validation samples of several problems (<c>docs/equivalence.md</c>): a transfer comes early where capacitors come near their bounds or have
    /// received many pulses, pulses are as large as a batch needs them, and both lines count their pulses. A conductance stands for twice the weight of
    /// <see cref="MspLspFixed"/>, which has the cell without all that.
    /// </remarks>
    public static TileConfig MspLsp { get; } = new()
    {
        Cell = FittedCell,
        Scaling = new FanInScaling(),
        Update = new CountedTrains { Size = new FittedPulses { Pulses = 10, Least = 0.02 } },
    };

    /// <summary>The same cell without what fits itself: transfers every 8,000 examples, as published, and random trains of full pulses.</summary>
    public static TileConfig MspLspFixed { get; } = new() { Cell = new MspLspCell(), Scaling = new FanInScaling() };

    /// <summary>The same cell with the offset rule as published, under which a part of every weight leaks.</summary>
    public static TileConfig MspLspPublishedOffset { get; } = MspLsp with { Cell = FittedCell with { Offset = new PolarityOffset() } };

    /// <summary>The same cell with the polarity fixed: the mismatch of its transistors piles up.</summary>
    public static TileConfig MspLspWithoutInversion { get; } = MspLsp with { Cell = FittedCell with { Polarity = new FixedPolarity() } };

    /// <summary>The path of reads while arrays are programmed: read noise of phase-change memory, and 10-bit outputs over the range of one cell.</summary>
    /// <remarks>The noise is that of IBM aihwkit's phase-change inference, the bits those of Mackin et al., Nature Communications 13:3765 (2022); the range is chosen here.</remarks>
    public static AnalogPath ProgrammingPath { get; } = new()
    {
        ReadNoise = new ProportionalReadNoise(),
        Adc = new UniformConverter { Bits = 10, Bound = 1 },
    };

    /// <summary>The same cell with its physics on: a pair that is written with measured scatter and drifts, reads with noise, transfers that take time, cells that differ in leakage, stuck devices.</summary>
    /// <remarks>
    /// The pair is that of Joshi et al., Nature Communications 11:2473 (2020), its drift counted from 1 µs after a write, since training comes back to it within milliseconds; the
    /// capacitor's noise from pulse to pulse and its spread of time constants are those of IBM aihwkit's preset for the trench capacitor of Li et al., VLSI 2018; stuck
    /// devices are as many as in Rasch et al. (2023). Tries, and what is anticipated, are chosen here.
    /// </remarks>
    public static TileConfig MspLspPhysical { get; } = MspLsp with
    {
        Cell = FittedCell with
        {
            SiemensPerWeight = 150 * Units.uS, // what scatters and drifts in siemens then counts for half as much weight
            Memory = new Pcm90nm { DriftStart = 1 * Units.us },
            Writer = new MemoryWriter { Tries = 3, Reading = ProgrammingPath },
            Anticipation = new DriftAnticipation { Time = 5 * Units.ms },
            Timing = new LineByLine(),
            Reading = ProgrammingPath,
            Capacitor = new GatedCapacitor { CycleNoise = 0.3, Leakage = new UnevenLeakage() },
            Defects = new StuckDevices(),
        },
    };

    /// <summary>A pair of phase-change devices with occasional RESET, as of Burr et al. (IEDM 2014); ideal periphery.</summary>
    /// <remarks>
    /// The device's statistics are those of Nandakumar et al. (2018), up to a maximum of 20 µS. Fine weights for inputs about 0, most of which are
    /// small. Where all inputs are large, as behind sigmoids, it does not learn: see <see cref="DensePair"/>.
    /// </remarks>
    public static TileConfig Pair { get; } = new() { Cell = new OneSidedPair() };

    /// <summary>The pair for layers whose inputs are all large and of one sign, as behind sigmoids: fewer pulses, each of more weight.</summary>
    /// <remarks>
    /// A pulse adds 0.88 µS − 0.084·G, so that every pulse takes back a twelfth of what its device holds: a weight outlasts some dozen of them.
    /// Weight per conductance and RESET were chosen on held-out training images of MNIST, by the ablation in this folder's README.
    /// </remarks>
    public static TileConfig DensePair { get; } = new()
    {
        Cell = new OneSidedPair { ValuePerWeight = 20 * Units.uS, Refresh = new OccasionalReset { Every = 200, Threshold = 5 * Units.uS } },
        Scaling = new FanInScaling { ReferenceInputs = 784 },
    };

    /// <summary>The pair with the exponential-step fit of IBM aihwkit (PCMPresetDevice).</summary>
    public static TileConfig ExpStepPair { get; } = new()
    {
        Cell = new OneSidedPair
        {
            Device = DevicePresets.Pcm,
            ValuePerWeight = 1,
            Refresh = new OccasionalReset { Every = 100, Threshold = 1.5 },
            MaxWritePulses = 31,
        },
    };

    /// <summary>8-bit converters in both directions, scaled by each sample's largest value.</summary>
    public static AnalogPath EightBitPath { get; } = new()
    {
        Scaling = new AbsMaxScaling(),
        Dac = new UniformConverter { Bits = 8 },
        Adc = new UniformConverter { Bits = 8, Bound = 10 },
        OutputNoise = 0.04,
    };

    /// <summary>Digital training for phase-change memory: forward through 8-bit converters with output noise, weights off by 3.8 %, exact gradients.</summary>
    /// <remarks>The weight noise is that of Joshi et al., Nature Communications 11:2473 (2020); the converters are chosen here.</remarks>
    public static HardwareAwareConfig HardwareAware { get; } = new()
    {
        Forward = EightBitPath,
        WeightNoise = new AdditiveWeightNoise { Deviation = 0.038 },
    };

    /// <summary>8-bit inputs and 10-bit outputs, scaled by each sample's largest value.</summary>
    /// <remarks>
    /// The bits are those of Mackin et al., Nature Communications 13:3765 (2022). The range of the outputs is 40 full conductances times full
    /// inputs, so that layers of some hundred inputs do not reach its end, at the resolution that 8 bits give over 10.
    /// </remarks>
    public static AnalogPath InferencePath { get; } = EightBitPath with { Adc = new UniformConverter { Bits = 10, Bound = 40 } };

    /// <summary>Digital training for <see cref="Inference"/>: the same converters and scales per output, weights off by what programming leaves, few large weights.</summary>
    /// <remarks>
    /// Noise relative to the largest weight of each output, as in IBM analog-foundation-models; limits at 2.5 standard deviations as in Joshi et al.,
    /// Nature Communications 11:2473 (2020). Programming in 90 nm leaves 4 % of it at full conductance.
    /// </remarks>
    public static HardwareAwareConfig HardwareAwareForInference { get; } = new()
    {
        Forward = InferencePath,
        Range = new OutputMaximum(),
        Clip = new LayerClip(),
        WeightNoise = new PerOutputWeightNoise { Deviation = 0.05 },
        Bias = new DigitalBias(),
    };

    /// <summary>Pairs of phase-change devices in 90 nm, written once, read through 8-bit inputs and 10-bit outputs, with one factor a tile against drift.</summary>
    /// <remarks>The statistics are those of Joshi et al., Nature Communications 11:2473 (2020), as in IBM aihwkit.</remarks>
    public static InferenceConfig Inference { get; } = new()
    {
        Forward = InferencePath,
        Compensation = new GlobalCompensation(),
    };

    /// <summary>The same chip with four devices a weight, programmed row by row in four phases.</summary>
    /// <remarks>After Mackin et al., Advanced Electronic Materials 5:1900026 (2019).</remarks>
    public static InferenceConfig FourPhaseInference { get; } = Inference with { Map = new TwoPairs(), Programming = new FourPhaseProgramming() };

    /// <summary>What redundancy can do: twelve pairs a weight, every device verified, made for a day of drift, their currents read together through 10-bit inputs and 12-bit outputs.</summary>
    /// <remarks>
    /// Chosen here, as what it takes for numbers and not only classes to last a day: errors of devices average out over the pairs, the noise of the output circuits is the same for
    /// twelve times the current, and what all devices of a conductance have in common is anticipated.
    /// </remarks>
    public static InferenceConfig PreciseInference { get; } = Inference with
    {
        Map = new ParallelPairs { Pairs = PrecisePairs },
        Programming = new WriteVerifyProgramming { Tolerance = 0.004, ReadingNoise = 0.001, Tries = 60, Anticipation = new MeanAnticipation { Time = Units.Day } },
        Forward = InferencePath with
        {
            Dac = new UniformConverter { Bits = 10 },
            Adc = new UniformConverter { Bits = 12, Bound = 20 },
            OutputNoise = InferencePath.OutputNoise / PrecisePairs,
        },
    };
}
