using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Models.MlNet;
using AnalogTorch.Periphery;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;

namespace AnalogTorch.Examples.Pipelines;

/// <summary>A chip that networks are programmed into, and the noise that they are trained with for it.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Hardware">The chip.</param>
/// <param name="Aware">What networks meet while they are trained for it.</param>
internal sealed record PipelineChip(string Name, InferenceConfig Hardware, HardwareAwareConfig Aware)
{
    private static readonly HardwareAwareConfig Usual = new HardwareAwareTraining().Hardware;
    private static readonly WriteVerifyProgramming ForADay = new() { Anticipation = new MeanAnticipation { Time = Units.Day } };
    private static readonly AnalogPath Precise = PcmPresets.InferencePath with
    {
        Dac = new UniformConverter { Bits = 10 },
        Adc = new UniformConverter { Bits = 12, Bound = 20 },
        OutputNoise = PcmPresets.InferencePath.OutputNoise / PrecisePairs,
    };

    private const int PrecisePairs = 12;

    /// <summary>All chips; the first is the default.</summary>
    public static IReadOnlyList<PipelineChip> All { get; } =
    [
        // What redundancy can do: the currents of eight pairs a weight, each device verified, against the same noise of the converters.
        new("precise", PcmPresets.Inference with
        {
            Map = new ParallelPairs { Pairs = PrecisePairs },
            Programming = ForADay with { Tolerance = 0.004, ReadingNoise = 0.001, Tries = 60 },
            Forward = Precise,
        }, Usual with { Forward = Precise, WeightNoise = new PerOutputWeightNoise { Deviation = 0.01 } }),
        // As much hardware as large chips spend on a weight.
        new("four-devices", PcmPresets.Inference with { Map = new TwoPairs(), Programming = ForADay }, Usual with { WeightNoise = new PerOutputWeightNoise { Deviation = 0.03 } }),
        // Written once, and not looked at.
        new("two-devices", PcmPresets.Inference, Usual),
    ];

    /// <summary>The chip of a name.</summary>
    public static PipelineChip Find(string name) => All.Single(chip => chip.Name == name);
}
