using AnalogTorch.Core;

namespace AnalogTorch.Tiles;

/// <summary>How large an array can be built.</summary>
/// <remarks>A matrix that does not fit becomes a grid of tiles, each with its own converters. To add a size, derive a sealed record.</remarks>
public abstract record TileSize : HardwareConfig, ICrossChecked
{
    /// <summary>Most inputs of one tile, the constant one of a bias included.</summary>
    public abstract long MaxInputs { get; }

    /// <summary>Most outputs of one tile.</summary>
    public abstract long MaxOutputs { get; }

    /// <summary>Whether what tiles give for one output is added after their converters, or as a current before one.</summary>
    public abstract bool AddsDigitally { get; }

    /// <inheritdoc/>
    public void Check()
    {
        if (MaxInputs < 1 || MaxOutputs < 1)
            throw new ArgumentException($"{GetType().Name} must have tiles of at least 1 input and 1 output, but has {MaxInputs} and {MaxOutputs}.");
    }
}

/// <summary>One array, however large the matrix.</summary>
public sealed record UnlimitedSize : TileSize
{
    /// <inheritdoc/>
    public override long MaxInputs => long.MaxValue;

    /// <inheritdoc/>
    public override long MaxOutputs => long.MaxValue;

    /// <inheritdoc/>
    public override bool AddsDigitally => false;
}

/// <summary>Tiles of one size.</summary>
/// <remarks>Both ways to add occur: chips with one converter a tile add digitally; charge or current of several tiles on one line is added before it.</remarks>
public sealed record LimitedSize : TileSize
{
    /// <summary>Inputs of a tile.</summary>
    [Unit("1")]
    public int Inputs { get; init => field = Within(value, 1, int.MaxValue); } = 512;

    /// <summary>Outputs of a tile.</summary>
    [Unit("1")]
    public int Outputs { get; init => field = Within(value, 1, int.MaxValue); } = 512;

    /// <summary>How what several tiles give for one output is added.</summary>
    public PartialSums Sums { get; init => field = NotNull(value); } = new DigitalSums();

    /// <inheritdoc/>
    public override long MaxInputs => Inputs;

    /// <inheritdoc/>
    public override long MaxOutputs => Outputs;

    /// <inheritdoc/>
    public override bool AddsDigitally => Sums.AreDigital;
}

/// <summary>How what several tiles give for one output is added.</summary>
/// <remarks>Closed: reads know these two ways, and other assemblies cannot add one.</remarks>
public abstract record PartialSums : HardwareConfig
{
    private protected PartialSums()
    {
    }

    /// <summary>Whether every tile converts, and results are added; otherwise currents are.</summary>
    internal abstract bool AreDigital { get; }
}

/// <summary>Every tile has converters of its own, and their results are added.</summary>
public sealed record DigitalSums : PartialSums
{
    internal override bool AreDigital => true;
}

/// <summary>The currents of the tiles are added, and converted once; the lines stay as long as one tile.</summary>
public sealed record AnalogSums : PartialSums
{
    internal override bool AreDigital => false;
}
