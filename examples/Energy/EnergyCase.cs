using AnalogTorch.Core;
using AnalogTorch.Energy;
using AnalogTorch.Models.Networks;
using AnalogTorch.Tiles;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Examples.Energy;

/// <summary>A network on a piece of hardware.</summary>
/// <param name="Name">Name of the row of figures.</param>
/// <param name="Network">The network, for tables and plots.</param>
/// <param name="Report">What it costs.</param>
internal sealed record EnergyCase(string Name, string Network, CostReport Report)
{
    private static readonly TypicalConductance Base = new();

    /// <summary>The steps from the 90 nm design to what a scaled one might reach.</summary>
    private static readonly (string Name, DurationHardware Hardware)[] Steps =
    [
        ("90nm", new Duration90nm { Conductance = Base }),
        ("90nm-conductance-0.2", new Duration90nm { Conductance = Base.Times(0.2) }),
        ("14nm", new Duration14nm { Conductance = Base }),
        ("14nm-conductance-0.2", new Duration14nm { Conductance = Base.Times(0.2) }),
        ("14nm-conductance-0.1", new Duration14nm { Conductance = Base.Times(0.1) }),
        ("14nm-conductance-0.1-half-time", new Duration14nm { Conductance = Base.Times(0.1), OnTime = 21.5 * Units.ns }),
    ];

    /// <summary>Other hardware, to compare with.</summary>
    private static readonly (string Name, HardwareCost Hardware)[] Others =
        [("hermes-core", new HermesCore()), ("hermes-chip", new HermesChip()), ("speech-chip", new SpeechChip()), ("tpu-v1", new Tpu()), ("v100", new Gpu())];

    /// <summary>The two networks that the design was published with, through all steps, and on other hardware.</summary>
    public static IEnumerable<EnergyCase> Published()
    {
        using var scope = NewDisposeScope();
        using var mnist = Mlp.Create([528, 250, 125, 10], seed: 1);
        using var lstm = LSTM(200, 200, numLayers: 2);
        var counts = new[]
        {
            (Prefix: "mnist", Network: "528-250-125-10", Census: mnist.TakeCensus([1, 528])),
            (Prefix: "ptb-lstm", Network: "2×200 LSTM, per word", Census: lstm.TakeCensus(1, () => lstm.call(zeros(1, 1, 200))).AtNominalActivity()),
        };
        foreach (var (prefix, network, census) in counts)
            foreach (var (name, hardware) in Steps.Select(step => (step.Name, (HardwareCost)step.Hardware)).Concat(Others))
                yield return new($"{prefix}-{name}", network, hardware.Of(census));
    }

    /// <summary>A network of the zoo, an image or a sequence of its usual size at a time, at nominal activity: its example is noise.</summary>
    /// <param name="name">Its name in the zoo.</param>
    public static IEnumerable<EnergyCase> OfZoo(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = Zoo.Create(name);
        model.eval();
        var input = Zoo.Find(name).Inputs[0].Example(1, Rng.FromSeed(1));
        var census = model.TakeCensus(1, () => model.call(input)).AtNominalActivity();
        var tiles = new LimitedSize { Inputs = 512, Outputs = 512 };
        (string, HardwareCost)[] hardware =
        [
            ("90nm", new Duration90nm { Conductance = Base, Size = tiles }),
            ("14nm", new Duration14nm { Conductance = Base.Times(0.2), Size = tiles }),
            ("14nm-16-copies", new Duration14nm { Conductance = Base.Times(0.2), Size = tiles, Copies = 16 }),
            .. Others,
        ];
        foreach (var (step, design) in hardware)
            yield return new($"{name}-{step}", $"{name}, [{string.Join(", ", input.shape)}]", design.Of(census));
    }
}
