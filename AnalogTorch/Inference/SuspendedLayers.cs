using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Inference;

/// <summary>The layers of a model that were on tiles before it was programmed, and wait to return to them.</summary>
internal sealed class SuspendedLayers
{
    private readonly Tensor[] parameters;
    private readonly (string Name, TiledLayer Layer)[] layers;

    /// <summary>Takes the layers of a model off their tiles.</summary>
    public SuspendedLayers(nn.Module model)
    {
        parameters = [.. model.parameters()];
        layers = [.. AnalogLayer.Modules(model).Select(entry => (entry.Name, Layer: AnalogLayer.Of(entry.Module)!)).Where(entry => entry.Layer is not null)];
        DigitalRules = layers.Length == 0
            ? []
            : [.. AnalogLayer.Modules(model).Where(entry => LayerKind.Of(entry.Module) is not null && AnalogLayer.Of(entry.Module) is null).Select(entry => LayerRule.Digital(entry.Name))];
        foreach (var (_, layer) in layers)
            layer.Suspend();
    }

    /// <summary>Rules by which layers that were digital stay so.</summary>
    public IReadOnlyList<LayerRule> DigitalRules { get; }

    /// <summary>Whether somebody disposed of the model.</summary>
    public bool IsModelGone => parameters.Any(parameter => parameter.IsInvalid);

    /// <summary>Hands the measured ranges of inputs over to the tiles of a chip.</summary>
    public void HandOver(IEnumerable<(string Name, ProgrammedTile Tile)> tiles)
    {
        var known = layers.SelectMany(entry => entry.Layer.Matrices.Zip(entry.Layer.Tiles, (matrix, tile) => (Name: AnalogLayer.Join(entry.Name, matrix.Suffix), tile.InputRange))).ToDictionary();
        foreach (var (name, tile) in tiles)
            if (known.TryGetValue(name, out var range) && range > 0)
                tile.InputRange = range;
    }

    /// <summary>Puts the layers back on their tiles.</summary>
    public void Resume()
    {
        var isGone = IsModelGone;
        foreach (var (_, layer) in layers)
        {
            if (!isGone)
            {
                layer.Resume();
                continue;
            }
            foreach (var tile in layer.Tiles)
                tile.Dispose();
        }
    }
}
