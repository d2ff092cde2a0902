using AnalogTorch.Core;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>The tile of each kind of hardware.</summary>
internal static class TileFactory
{
    /// <summary>Refuses weights that no tile can be built from.</summary>
    /// <param name="hardware">The hardware.</param>
    /// <param name="name">The layer's name.</param>
    /// <param name="weight">Weights [outputs, …].</param>
    /// <param name="bias">Bias [outputs], or null.</param>
    /// <exception cref="ArgumentException">The weights are no finite float32 matrix, or members of the config contradict each other.</exception>
    public static void Check(this LayerHardware hardware, string name, Tensor weight, Tensor? bias)
    {
        switch (hardware)
        {
            case TileConfig config:
                AnalogTile.Check(config, name, weight, bias);
                break;
            case HardwareAwareConfig config:
                HardwareAwareTile.Check(config, name, weight, bias);
                break;
            case InferenceConfig config:
                ProgrammedTile.Check(config, name, weight, bias);
                break;
            default:
                throw Unknown(hardware);
        }
    }

    /// <summary>Builds the tile of a weight matrix.</summary>
    /// <param name="hardware">The hardware.</param>
    /// <param name="name">The layer's name.</param>
    /// <param name="weight">Weights [outputs, …].</param>
    /// <param name="bias">Bias [outputs], or null.</param>
    /// <param name="rng">The stream of the tile.</param>
    /// <param name="groups">Groups of outputs that have inputs of their own.</param>
    /// <param name="layout">How the weights lie in the array.</param>
    public static Tile Build(this LayerHardware hardware, string name, Tensor weight, Tensor? bias, Rng rng, long groups, MatrixLayout layout) => hardware switch
    {
        TileConfig config => new AnalogTile(config, name, weight, bias, rng, groups, layout),
        HardwareAwareConfig config => new HardwareAwareTile(config, name, weight, bias, rng, groups, layout),
        InferenceConfig config => new ProgrammedTile(config, name, weight, bias, rng, groups, layout),
        _ => throw Unknown(hardware),
    };

    private static NotSupportedException Unknown(LayerHardware hardware) => new($"{hardware.GetType().Name} is no kind of hardware that a tile is known for.");
}
