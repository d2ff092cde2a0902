using AnalogTorch.Cells;
using AnalogTorch.Tiles;

namespace AnalogTorch.Energy;

/// <summary>What one array, or one digital layer, did in a pass.</summary>
/// <remarks>All counts are over the whole pass, for all its samples together.</remarks>
public sealed record CensusLayer
{
    /// <summary>Name of the layer in the model, and of the array where a layer has several.</summary>
    public required string Name { get; init; }

    /// <summary>Name of the layer in the model; several arrays of one layer share it.</summary>
    public string Layer
    {
        get => field ?? Name;
        init;
    }

    /// <summary>Type of the layer.</summary>
    public required string Kind { get; init; }

    /// <summary>Whether its weights are in an array; otherwise it is worked out by digital circuits.</summary>
    public bool IsArray { get; init; }

    /// <summary>Whether the array is that of a hardware config, on a tile or as planned; otherwise it is the one that a design would build.</summary>
    public bool HasOwnHardware { get; init; }

    /// <summary>Input lines of one group, the constant one of a bias included.</summary>
    public long Inputs { get; init; }

    /// <summary>Output lines of one group.</summary>
    public long Outputs { get; init; }

    /// <summary>Groups of outputs that have inputs of their own.</summary>
    public long Groups { get; init; } = 1;

    /// <summary>The largest tile that the layer's own hardware allows; a cost model may have a smaller one.</summary>
    public TileSize Size { get; init; } = new UnlimitedSize();

    /// <summary>Digits of a weight that are converted each by itself, and added by their place; 1 where its devices are read together.</summary>
    public int Slices { get; init; } = 1;

    /// <summary>Matrix-vector products from the input side.</summary>
    public long Reads { get; init; }

    /// <summary>Matrix-vector products from the output side, as a backward pass takes them.</summary>
    public long TransposedReads { get; init; }

    /// <summary>How the reads from the input side are driven and converted.</summary>
    public ArrayRead Forward { get; init; } = new();

    /// <summary>How the reads from the output side are driven and converted.</summary>
    public ArrayRead Backward { get; init; } = new();

    /// <summary>Training examples that the array was updated with, pulses or not.</summary>
    public long Updates { get; init; }

    /// <summary>Update pulses that devices received.</summary>
    public long UpdatePulses { get; init; }

    /// <summary>Transfers from less to more significant devices during the pass.</summary>
    public long Transfers { get; init; }

    /// <summary>Examples for which pulse trains were drawn; others changed a matrix that is kept digitally.</summary>
    public long Trains { get; init; }

    /// <summary>What the training rule of the cells took beside trains during the pass.</summary>
    public RuleWork Rule { get; init; }

    /// <summary>Pulses spent on transfers, refreshes and writing during the pass.</summary>
    public long ProgrammingPulses { get; init; }

    /// <summary>Pulses that were spent once, before the pass, to program the array.</summary>
    public long WritePulses { get; init; }

    /// <summary>Devices; before a network is programmed it has none, and the cost model says how many it takes.</summary>
    public long Devices { get; init; }

    /// <summary>Mean over the weights of all their conductances, each times its significance (S); null if the array holds none yet.</summary>
    public double? SiemensPerWeight { get; init; }

    /// <summary>Elements that digital circuits work out: cells of an LSTM, batch norm, pooling, biases beside the converters, and so on.</summary>
    public long DigitalElements { get; init; }

    /// <summary>Elements that go through an activation function.</summary>
    public long Activations { get; init; }

    /// <summary>Multiply-accumulates of a layer with weights that stays digital.</summary>
    public long DigitalMultiplyAccumulates { get; init; }

    /// <summary>Weights, biases in the array included.</summary>
    public long Weights => Inputs * Outputs * Groups;

    /// <summary>Tiles that the layer's own hardware takes for it; a cost model with smaller ones takes more.</summary>
    public long Tiles => IsArray ? TileGrid.Of(Size, Inputs, Outputs, Groups).Tiles : 0;

    /// <summary>Operations of the array: two for each weight and read either way, and for each weight and example of an update.</summary>
    public long ArrayOperations => 2 * Weights * (Reads + TransposedReads + Updates);

    /// <summary>All operations: those of the array, two for a digital multiply-accumulate, one for any other element.</summary>
    public long Operations => ArrayOperations + 2 * DigitalMultiplyAccumulates + DigitalElements + Activations;

    /// <summary>Devices of a weight, on average.</summary>
    /// <param name="assumed">What a layer without devices takes.</param>
    internal double DevicesPerWeight(double assumed) => Devices > 0 ? (double)Devices / Weights : assumed;
}
