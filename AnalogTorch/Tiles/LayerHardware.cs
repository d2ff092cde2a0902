using AnalogTorch.Core;
using TorchSharp.Modules;

namespace AnalogTorch.Tiles;

/// <summary>The hardware that a layer can be put on.</summary>
public abstract record LayerHardware : HardwareConfig
{
    /// <summary>Refuses weights that no tile can be built from.</summary>
    /// <exception cref="ArgumentException">The weights are no finite float32 matrix, or members of the config contradict each other.</exception>
    internal abstract void Check(string name, Parameter weight, Parameter? bias);

    /// <summary>Whether weights live in the memory of a tile, where nothing but pulses moves them.</summary>
    internal abstract bool LearnsInMemory { get; }

    /// <summary>Builds a tile for a weight matrix.</summary>
    /// <param name="name">The layer's name.</param>
    /// <param name="weight">Weights [outputs, …].</param>
    /// <param name="bias">Bias [outputs], or null.</param>
    /// <param name="rng">The stream of the tile.</param>
    /// <param name="groups">Groups of outputs that have inputs of their own.</param>
    internal abstract Tile Build(string name, Parameter weight, Parameter? bias, Rng rng, long groups);
}
