using AnalogTorch.Cells;
using AnalogTorch.Devices;
using AnalogTorch.Presets;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;

namespace AnalogTorch.Examples.Algorithms;

/// <summary>A training rule, on any device.</summary>
/// <param name="Name">Its name in figures and plots.</param>
/// <param name="LearningRate">Learning rate at the start on the embedded digits; it is halved half way.</param>
/// <param name="Cell">The cells that do it, of a device and what it is measured against; null for floating point.</param>
internal sealed record AlgorithmRule(string Name, double LearningRate, Func<PulsedDevice, Reference, UnitCell>? Cell)
{
    /// <summary>Floating point, which the others are held against.</summary>
    public static AlgorithmRule Digital { get; } = new("digital", 0.1, null);

    /// <summary>All rules, in the order of the report.</summary>
    public static IReadOnlyList<AlgorithmRule> All { get; } =
    [
        Digital,
        new("sgd", 0.1, (device, reference) => new SingleDevice { Device = device, Reference = reference }),
        new("tt-v1", 0.1, (device, reference) => new TikiTaka { Fast = device, Slow = device, FastReference = reference, Mixing = 0.4, TransferEvery = 2 }),
        new("tt-v2", 0.1, (device, reference) => new BufferedTikiTaka { Fast = device, Slow = device, FastReference = reference, TransferEvery = 2, FastRate = new AutomaticRate(), Granularity = 500 }),
        new("c-tt-v2", 0.1, (device, reference) => new ChoppedTikiTaka { Fast = device, Slow = device, FastReference = reference, TransferEvery = 2, FastRate = new AutomaticRate(), Granularity = 500 }),
        new("agad", 0.1, (device, reference) => new Agad { Fast = device, Slow = device, TransferEvery = 2, FastRate = new AutomaticRate(), Granularity = 500 }),
        new("residual-v2", 0.1, (device, reference) => new ResidualLearning { Fast = device, Slow = device, FastReference = reference, TransferEvery = 2 }),
        new("residual-4", 0.4, (device, reference) => new MultiTileResidual { Device = device, Reference = reference }),
        new("mixed-precision", 0.1, (device, reference) => new MixedPrecision { Synapse = new BidirectionalSynapse { Device = device, Reference = reference }, TransferEvery = 8 }),
        new("multi-memristive-7", 0.1, (device, reference) => new MultiMemristive { Synapse = new BidirectionalSynapse { Device = device, Reference = reference }, ValuePerWeight = 7 }),
        new("periodic-carry", 0.1, (device, reference) => new PeriodicCarry { Device = device, Reference = reference, CarryEvery = 500 }),
        new("msp-lsp", 0.05, (_, _) => PcmPresets.MspLsp.Cell),
    ];

    /// <summary>The hardware of every layer.</summary>
    /// <param name="device">The device; MSP/LSP cells have their own.</param>
    /// <param name="offset">Standard deviation of what references miss the symmetry point by, over half the range (σ_r).</param>
    public TileConfig? Hardware(PulsedDevice device, double offset)
    {
        if (Cell is null)
            return null;
        Reference reference = SymmetryPoint.Of(device) is null ? new ZeroReference() : new SymmetryPointReference { Spread = offset };
        var cell = Cell(device, reference);
        if (cell is MspLspCell)
            return PcmPresets.MspLsp;
        return new()
        {
            Cell = cell,
            Update = cell is MixedPrecision ? new ExactUpdate() : new StochasticTrains { BitLength = 31 },
        };
    }

    /// <summary>A device by the name that the command line knows it by.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="states">Steps over its range, of a device with a response function.</param>
    /// <param name="asymmetry">Mean imbalance of its up and down steps.</param>
    public static PulsedDevice Device(string name, double states, double asymmetry)
    {
        var curved = new ResponseDevice { States = states, UpDownBias = asymmetry };
        return name switch
        {
            "soft-bounds" => curved,
            "power" => curved with { Response = new PowerResponse { Exponent = 2 } },
            "exponential" => curved with { Response = new ExponentialResponse() },
            "reram-es" => DevicePresets.ReRamExp,
            "reram-sb" => DevicePresets.ReRamSoftBounds,
            "capacitor" => DevicePresets.Capacitor,
            "ecram" => DevicePresets.EcRam,
            "ecram-mo" => DevicePresets.EcRamMetalOxide,
            "idealized" => DevicePresets.Idealized,
            _ => throw new UsageException($"--device must be one of {string.Join(", ", Devices)}, but is '{name}'."),
        };
    }

    /// <summary>Names of the devices.</summary>
    public static string[] Devices { get; } = ["soft-bounds", "power", "exponential", "reram-es", "reram-sb", "capacitor", "ecram", "ecram-mo", "idealized"];

    /// <summary>Names of the devices whose number of states and asymmetry can be chosen.</summary>
    public static string[] Curved { get; } = ["soft-bounds", "power", "exponential"];
}
