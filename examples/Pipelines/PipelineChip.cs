using AnalogTorch.Conductance;
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

    /// <summary>All chips; the first is the default.</summary>
    public static IReadOnlyList<PipelineChip> All { get; } =
    [
        // Four devices average out a part of what each is off by.
        new("four-devices", PcmPresets.Inference with { Map = new TwoPairs() }, Usual),
        new("two-devices", PcmPresets.Inference, Usual),
        // What redundancy and an ideal periphery can do: sixteen devices a weight, each verified, read without converters.
        new("precise", PcmPresets.Inference with { Map = new ParallelPairs { Pairs = 8 }, Programming = new WriteVerifyProgramming(), Forward = new AnalogPath() },
            Usual with { Forward = new AnalogPath(), WeightNoise = new PerOutputWeightNoise { Deviation = 0.02 } }),
    ];

    /// <summary>The chip of a name.</summary>
    public static PipelineChip Find(string name) => All.Single(chip => chip.Name == name);
}
