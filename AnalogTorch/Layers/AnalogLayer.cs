using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Which tile a layer runs on, and which holds a parameter.</summary>
/// <remarks>The table holds its keys weakly: it keeps neither models nor tiles alive.</remarks>
public static class AnalogLayer
{
    private static readonly ConditionalWeakTable<Parameter, AnalogTile> Tiles = [];
    private static readonly ConditionalWeakTable<nn.Module, Tile> Layers = [];

    /// <summary>The tile whose array holds a parameter; none for a digital parameter.</summary>
    public static bool TryGetTile(Parameter parameter, [NotNullWhen(true)] out AnalogTile? tile) => Tiles.TryGetValue(parameter, out tile);

    /// <summary>The tile in whose memory a layer is trained; none for a digital layer or a hardware-aware one.</summary>
    public static bool TryGetTile(nn.Module layer, [NotNullWhen(true)] out AnalogTile? tile) => (tile = TileOf(layer) as AnalogTile) is not null;

    /// <summary>The tiles of a model that are trained in memory, by the names of their layers.</summary>
    public static IEnumerable<(string Name, AnalogTile Tile)> AnalogTiles(this nn.Module model)
    {
        foreach (var (name, tile) in model.AllTiles())
            if (tile is AnalogTile analog)
                yield return (name, analog);
    }

    /// <summary>All tiles of a model, hardware-aware ones included, by the names of their layers.</summary>
    public static IEnumerable<(string Name, Tile Tile)> AllTiles(this nn.Module model)
    {
        foreach (var (name, module) in model.named_modules().Prepend((name: "", module: model)))
            if (TileOf(module) is { } tile)
                yield return (name, tile);
    }

    /// <summary>The tile that a layer runs on; null for a digital layer.</summary>
    internal static Tile? TileOf(nn.Module layer) => Layers.TryGetValue(layer, out var tile) ? tile : null;

    /// <summary>Puts a layer on its tile.</summary>
    internal static void Attach(nn.Module layer, Tile tile, Parameter weight, Parameter? bias)
    {
        Layers.Add(layer, tile);
        Bind(tile, weight, bias);
        layer.register_module("analog_tile", tile.State);
    }

    /// <summary>Notes the parameters that a tile's array holds, which a move to another torch device replaces.</summary>
    internal static void Bind(Tile tile, Parameter weight, Parameter? bias)
    {
        if (tile is not AnalogTile analog)
            return;
        Bind(weight);
        if (bias is not null && analog.BiasCells is not null)
            Bind(bias);

        // Every call of a layer comes here, and a look costs far less than an entry.
        void Bind(Parameter parameter)
        {
            if (!Tiles.TryGetValue(parameter, out var bound) || bound != analog)
                Tiles.AddOrUpdate(parameter, analog);
        }
    }
}
