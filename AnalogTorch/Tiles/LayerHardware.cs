using AnalogTorch.Core;
using AnalogTorch.Periphery;

namespace AnalogTorch.Tiles;

/// <summary>The hardware that a layer can be put on.</summary>
/// <remarks>
/// Closed: each kind has a tile of its own, and other assemblies cannot add one. What a kind is made of they can: every property of it is of an open family.
/// </remarks>
public abstract record LayerHardware : HardwareConfig
{
    private protected LayerHardware()
    {
    }

    /// <summary>How large a tile can be; a larger matrix becomes a grid of them.</summary>
    public TileSize Size { get; init => field = NotNull(value); } = new UnlimitedSize();

    /// <summary>Where the bias is.</summary>
    public BiasPlacement Bias { get; init => field = NotNull(value); } = new AnalogBias();

    /// <summary>What weights meet, in a few words.</summary>
    internal abstract string Note { get; }

    /// <summary>The paths of its reads.</summary>
    internal abstract IReadOnlyList<AnalogPath> Paths { get; }

    /// <summary>Whether a bias is one more line of the array.</summary>
    internal bool PutsBiasInArray => Bias.IsInArray;

    /// <summary>Devices that a weight is made of; those that many weights share count by their share.</summary>
    /// <param name="outputs">Outputs of the matrix.</param>
    internal abstract double DevicesPerWeight(long outputs);
}
