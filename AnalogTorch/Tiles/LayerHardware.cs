using AnalogTorch.Core;
using TorchSharp.Modules;

namespace AnalogTorch.Tiles;

/// <summary>The hardware that a layer can be put on.</summary>
/// <remarks>Each kind has a tile of its own, so that other assemblies cannot add one; what it is made of, they can.</remarks>
public abstract record LayerHardware : HardwareConfig
{
    /// <summary>How large a tile can be; a larger matrix becomes a grid of them.</summary>
    public TileSize Size { get; init => field = NotNull(value); } = new UnlimitedSize();

    /// <summary>Where the bias is.</summary>
    public BiasPlacement Bias { get; init => field = NotNull(value); } = new AnalogBias();

    /// <summary>What weights meet, in a few words.</summary>
    internal abstract string Note { get; }

    /// <summary>Whether a bias is one more line of the array.</summary>
    internal bool PutsBiasInArray => Bias.IsInArray;

    /// <summary>Devices that a weight is made of; those that many weights share count by their share.</summary>
    /// <param name="outputs">Outputs of the matrix.</param>
    internal abstract double DevicesPerWeight(long outputs);

    /// <summary>Refuses weights that no tile can be built from.</summary>
    /// <exception cref="ArgumentException">The weights are no finite float32 matrix, or members of the config contradict each other.</exception>
    internal abstract void Check(string name, Parameter weight, Parameter? bias);

    /// <summary>Builds a tile for a weight matrix.</summary>
    /// <param name="name">The layer's name.</param>
    /// <param name="weight">Weights [outputs, …].</param>
    /// <param name="bias">Bias [outputs], or null.</param>
    /// <param name="rng">The stream of the tile.</param>
    /// <param name="groups">Groups of outputs that have inputs of their own.</param>
    /// <param name="layout">How the weights lie in the array.</param>
    internal abstract Tile Build(string name, Parameter weight, Parameter? bias, Rng rng, long groups, MatrixLayout layout);
}
