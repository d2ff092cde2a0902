using AnalogTorch.Core;
using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>A layer that runs on tiles, from its conversion until it is made digital again.</summary>
internal sealed class TiledLayer : IDisposable
{
    private readonly LayerGate gate = new();
    private IDisposable? running;

    private TiledLayer(nn.Module module, LayerKind kind, LayerMatrix[] matrices, Tile[] tiles)
    {
        (Module, Kind, Matrices, Tiles) = (module, kind, matrices, tiles);
        State = tiles is [var only] ? only.State : new TileStates(matrices.Zip(tiles));
        foreach (var tile in tiles)
            tile.Gate = gate;
        gate.Close($"{tiles[0].Name}: the layer is being put on tiles during this call; end calls on other threads first.");
        Resume();
        foreach (var (matrix, tile) in matrices.Zip(tiles))
            tile.Accept(matrix.Weight, matrix.Bias); // some layers are asked with other weights what they are, and get theirs back
    }

    /// <summary>The layer.</summary>
    public nn.Module Module { get; }

    /// <summary>What kind it is of.</summary>
    public LayerKind Kind { get; }

    /// <summary>Its weight matrices as they were at the conversion.</summary>
    public IReadOnlyList<LayerMatrix> Matrices { get; }

    /// <summary>One tile a matrix.</summary>
    public IReadOnlyList<Tile> Tiles { get; }

    /// <summary>What the tiles hold, as a torch module.</summary>
    public nn.Module State { get; }

    /// <summary>Puts a layer on tiles.</summary>
    /// <param name="name">The layer's name.</param>
    /// <param name="module">The layer.</param>
    /// <param name="kind">What kind it is of.</param>
    /// <param name="hardware">The hardware.</param>
    /// <param name="rng">The stream of the layer.</param>
    public static TiledLayer Put(string name, nn.Module module, LayerKind kind, LayerHardware hardware, Rng rng)
    {
        var matrices = kind.Matrices(module).ToArray();
        return new(module, kind, matrices,
        [
            .. matrices.Select(matrix => hardware.Build(
                AnalogLayer.Join(name, matrix.Suffix), matrix.Weight, matrix.Bias, matrix.Suffix.Length == 0 ? rng : rng.Split(matrix.Suffix), matrix.Groups,
                matrix.Layout)),
        ]);
    }

    /// <summary>Who reads the tiles right now.</summary>
    public LayerGate Gate => gate;

    /// <summary>Lets no further read begin, on whatever thread.</summary>
    public void Close() =>
        gate.Close($"{Tiles[0].Name}: the layer was taken off its tiles during this call, since its chip was disposed of or its model made digital; end calls on other threads first.");

    /// <summary>Makes the layer run on the tiles.</summary>
    public void Resume()
    {
        State.train(Module.training);
        AnalogLayer.Attach(this);
        running = Kind.Put(Module, Tiles);
        gate.Open();
    }

    /// <summary>Takes the layer off the tiles, which stay as they are.</summary>
    public void Suspend()
    {
        Close();
        gate.Settle();
        foreach (var tile in Tiles)
            tile.Expose();
        running?.Dispose();
        running = null;
        AnalogLayer.Detach(this);
    }

    /// <summary>Makes the layer digital again; its parameters keep what the tiles held.</summary>
    public void Dispose()
    {
        Suspend();
        foreach (var tile in Tiles)
            tile.Dispose();
    }

    /// <summary>The states of several tiles, by the names of their matrices.</summary>
    private sealed class TileStates : nn.Module
    {
        public TileStates(IEnumerable<(LayerMatrix Matrix, Tile Tile)> tiles) : base(nameof(TileStates))
        {
            foreach (var (matrix, tile) in tiles)
                register_module(matrix.Suffix.Replace('.', '_'), tile.State); // whose names torch lets have no dots
        }
    }
}
