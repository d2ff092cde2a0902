using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Models.MlNet;
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

    /// <summary>All chips; the first is the default.</summary>
    public static IReadOnlyList<PipelineChip> All { get; } =
    [
        new("precise", PcmPresets.PreciseInference, Usual with { Forward = PcmPresets.PreciseInference.Forward, WeightNoise = new PerOutputWeightNoise { Deviation = 0.01 } }),
        // As much hardware as large chips spend on a weight.
        new("four-devices", PcmPresets.Inference with { Map = new TwoPairs(), Programming = new WriteVerifyProgramming { Anticipation = new MeanAnticipation { Time = Units.Day } } }, Usual with { WeightNoise = new PerOutputWeightNoise { Deviation = 0.03 } }),
        // Written once, and not looked at.
        new("two-devices", PcmPresets.Inference, Usual),
    ];

    /// <summary>The chip of a name.</summary>
    public static PipelineChip Find(string name) => All.Single(chip => chip.Name == name);
}
