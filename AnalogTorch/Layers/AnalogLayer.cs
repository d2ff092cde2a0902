using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Which tile holds a parameter.</summary>
/// <remarks>The table holds its keys weakly: it keeps neither models nor tiles alive.</remarks>
public static class AnalogLayer
{
    private static readonly ConditionalWeakTable<Parameter, AnalogTile> Tiles = [];
    private static readonly ConditionalWeakTable<nn.Module, AnalogTile> Layers = [];

    /// <summary>The tile whose array holds a parameter; none for a digital parameter.</summary>
    public static bool TryGetTile(Parameter parameter, [NotNullWhen(true)] out AnalogTile? tile) => Tiles.TryGetValue(parameter, out tile);

    /// <summary>The tile that a layer runs on; none for a digital layer.</summary>
    public static bool TryGetTile(nn.Module layer, [NotNullWhen(true)] out AnalogTile? tile) => Layers.TryGetValue(layer, out tile);

    /// <summary>The tiles of a model, by the names of their layers.</summary>
    public static IEnumerable<(string Name, AnalogTile Tile)> AnalogTiles(this nn.Module model)
    {
        foreach (var (name, module) in model.named_modules().Prepend((name: "", module: model)))
            if (Layers.TryGetValue(module, out var tile))
                yield return (name, tile);
    }

    /// <summary>Puts the parameters of a layer on a tile of its own.</summary>
    internal static AnalogTile Attach(nn.Module layer, string name, TileConfig config, Parameter weight, Parameter? bias, Rng rng)
    {
        var tile = new AnalogTile(config, name, weight, bias, rng);
        Layers.Add(layer, tile);
        Bind(tile, weight, bias);
        layer.register_module("analog_tile", tile.State);
        return tile;
    }

    /// <summary>Notes the parameters of a tile, which a move to another torch device replaces.</summary>
    internal static void Bind(AnalogTile tile, Parameter weight, Parameter? bias)
    {
        Tiles.AddOrUpdate(weight, tile);
        if (bias is not null && tile.BiasCells is not null)
            Tiles.AddOrUpdate(bias, tile);
    }
}
