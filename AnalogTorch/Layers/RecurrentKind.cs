using AnalogTorch.Kernels;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Recurrent layers over whole sequences: LSTM, GRU, and plain ones.</summary>
internal sealed class RecurrentKind : LayerKind
{
    public override bool Handles(nn.Module module) => module is LSTM or GRU or RNN or IRunsOnTiles<RecurrentRun>;

    public override IEnumerable<LayerMatrix> Matrices(nn.Module module)
    {
        for (var layer = 0; module.has_parameter($"weight_ih_l{layer}"); layer++)
        {
            foreach (var direction in Directions(module))
            {
                foreach (var role in new[] { "ih", "hh" })
                {
                    var name = $"{role}_l{layer}{direction}";
                    yield return new(name, module.get_parameter($"weight_{name}")!, module.has_parameter($"bias_{name}") ? module.get_parameter($"bias_{name}") : null);
                }
            }
        }
    }

    /// <remarks>
    /// A layer's two matrices are above each other on the same outputs, where their products add up, as in the 2×200 LSTM of Ambrogio et al., Nature 558:60
    /// (2018). Not those of a GRU, one gate of which multiplies the product of the state before it is added.
    /// </remarks>
    public override IEnumerable<LayerArray> Arrays(nn.Module module)
    {
        var first = 0;
        for (var layer = 0; module.has_parameter($"weight_ih_l{layer}"); layer++)
        {
            foreach (var direction in Directions(module))
            {
                var units = module.get_parameter($"weight_hh_l{layer}{direction}")!.shape[1];
                var gates = module.get_parameter($"weight_hh_l{layer}{direction}")!.shape[0] / units;
                foreach (var array in Arrays($"l{layer}{direction}", first, units, meetOnOutputs: gates != 3))
                    yield return array;
                first += 2;
            }
        }
    }

    public override long Reads(nn.Module module, LayerCall call) => call.InputRows;

    /// <summary>The arrays of the matrices for input and state.</summary>
    internal static IEnumerable<LayerArray> Arrays(string suffix, int first, long units, bool meetOnOutputs) => meetOnOutputs
        ? [new(suffix, [first, first + 1], units)]
        : [new(AnalogLayer.Join(suffix, "ih"), [first]), new(AnalogLayer.Join(suffix, "hh"), [first + 1], units)];

    public override IDisposable Put(nn.Module module, IReadOnlyList<Tile> tiles)
    {
        switch (module)
        {
            case LSTM lstm:
                var run = new RecurrentRun(lstm, RecurrentSettings.Of(lstm), tiles);
                return StandInHooks.Install<(Tensor, Tensor)?, (Tensor, Tensor, Tensor)>(lstm, tiles[0].Gate, () => (run.StandIn(), null), run.RunWithCell, Dispose, _ => { });
            case GRU gru:
                var gated = new RecurrentRun(gru, RecurrentSettings.Of(gru), tiles);
                return StandInHooks.Install<Tensor?, (Tensor, Tensor)>(gru!, tiles[0].Gate, () => (gated.StandIn(), null), gated.Run, Dispose, _ => { });
            case RNN rnn:
                var plain = new RecurrentRun(rnn, RecurrentSettings.Of(rnn), tiles);
                return StandInHooks.Install<Tensor?, (Tensor, Tensor)>(rnn!, tiles[0].Gate, () => (plain.StandIn(), null), plain.Run, Dispose, _ => { });
            default:
                var layer = (IRunsOnTiles<RecurrentRun>)module;
                return layer.Put(new RecurrentRun(module, ((IRecurrentLayer)module).Settings, tiles));
        }
    }

    private static string[] Directions(nn.Module module) => module.has_parameter("weight_ih_l0_reverse") ? ["", "_reverse"] : [""];

    private static void Dispose((Tensor, Tensor, Tensor) results)
    {
        results.Item1.Dispose();
        results.Item2.Dispose();
        results.Item3.Dispose();
    }

    private static void Dispose((Tensor, Tensor) results)
    {
        results.Item1.Dispose();
        results.Item2.Dispose();
    }
}

/// <summary>A recurrent layer of this library.</summary>
internal interface IRecurrentLayer : IRunsOnTiles<RecurrentRun>
{
    RecurrentSettings Settings { get; }
}

/// <summary>A recurrent layer on its tiles: two for every layer and direction, in the order of torch's parameters.</summary>
internal sealed class RecurrentRun(nn.Module module, RecurrentSettings settings, IReadOnlyList<Tile> tiles)
{
    public IReadOnlyList<Tile> Tiles => tiles;

    /// <summary>What runs a layer of torch's on tiles; null for a digital one.</summary>
    public static RecurrentRun? Of(nn.Module layer) => LayerPort.Of(layer)?.Runner as RecurrentRun;

    /// <summary>An input without samples, one step long; the state that goes with it is torch's zeros.</summary>
    public Tensor StandIn()
    {
        var weight = Parameter("weight_ih_l0");
        return empty(settings.IsBatchFirst ? [0, 1, tiles[0].Inputs] : [1, 0, tiles[0].Inputs], dtype: weight.dtype, device: weight.device);
    }

    /// <summary>Runs a layer with cells.</summary>
    public (Tensor, Tensor, Tensor) RunWithCell(Tensor x, (Tensor, Tensor)? state)
    {
        var (y, hidden, cell) = Run(x, state?.Item1, state?.Item2);
        return (y, hidden, cell!);
    }

    /// <summary>Runs a layer without cells.</summary>
    public (Tensor, Tensor) Run(Tensor x, Tensor? state)
    {
        var (y, hidden, _) = Run(x, state, null);
        return (y, hidden);
    }

    /// <summary>Runs sequences of unequal length.</summary>
    /// <param name="packed">The sequences, the longest first.</param>
    /// <param name="hidden">Hidden state before the first step [layers · directions, samples, units], in the caller's order; null for zeros.</param>
    /// <param name="cell">Cell state likewise, of units that have one.</param>
    public (nn.utils.rnn.PackedSequence Y, Tensor Hidden, Tensor? Cell) RunPacked(nn.utils.rnn.PackedSequence packed, Tensor? hidden, Tensor? cell)
    {
        ArgumentNullException.ThrowIfNull(packed);
        using var passage = tiles[0].Gate.Enter();
        using var scope = NewDisposeScope();
        var (padded, lengths) = nn.utils.rnn.pad_packed_sequence(packed); // [time, samples, inputs], in the caller's order
        Check(settings.IsBatchFirst ? padded.transpose(0, 1) : padded, hidden, cell);
        try
        {
            var (y, h, c) = Sequence(padded, hidden, cell, new(lengths, padded.shape[0], padded.device));
            var isSorted = packed.sorted_indices.IsInvalid || packed.sorted_indices.NumberOfElements == 0;
            var result = nn.utils.rnn.pack_padded_sequence(y, lengths, enforce_sorted: isSorted);
            return (result.MoveToOuterDisposeScope(), h.MoveToOuterDisposeScope(), c?.MoveToOuterDisposeScope());
        }
        catch (NotFiniteNumberException)
        {
            throw tiles[0].NotFinite();
        }
    }

    private (Tensor Y, Tensor Hidden, Tensor? Cell) Run(Tensor x, Tensor? hidden, Tensor? cell)
    {
        using var passage = tiles[0].Gate.Enter();
        var isSingle = x.dim() == 2;
        if (isSingle)
            (x, hidden, cell) = (x.unsqueeze(settings.IsBatchFirst ? 0 : 1), hidden?.unsqueeze(1), cell?.unsqueeze(1));
        Check(x, hidden, cell);
        try
        {
            using var scope = NewDisposeScope();
            var (y, h, c) = Sequence(settings.IsBatchFirst ? x.transpose(0, 1) : x, hidden, cell, null);
            if (settings.IsBatchFirst)
                y = y.transpose(0, 1);
            if (isSingle)
                (y, h, c) = (y.squeeze(settings.IsBatchFirst ? 0 : 1), h.squeeze(1), c?.squeeze(1));
            return (y.MoveToOuterDisposeScope(), h.MoveToOuterDisposeScope(), c?.MoveToOuterDisposeScope());
        }
        catch (NotFiniteNumberException)
        {
            throw tiles[0].NotFinite();
        }
    }

    private (Tensor Y, Tensor Hidden, Tensor? Cell) Sequence(Tensor x, Tensor? hidden, Tensor? cell, SequenceLengths? lengths)
    {
        var (samples, directions) = (x.shape[1], settings.IsBidirectional ? 2 : 1);
        var (lastHidden, lastCell) = (new List<Tensor>(), new List<Tensor>());
        var none = zeros([samples, settings.Units], device: x.device);
        for (var layer = 0; layer < settings.Layers; layer++)
        {
            var outputs = new Tensor[directions];
            for (var direction = 0; direction < directions; direction++)
            {
                var index = layer * directions + direction;
                var name = $"l{layer}{(direction == 0 ? "" : "_reverse")}";
                // Sequences of unequal length are turned round one by one, and run forward.
                var isTurned = direction == 1 && lengths is not null;
                var call = new RecurrentCall(
                    settings.Kernel, Begin(2 * index, $"ih_{name}"), Begin(2 * index + 1, $"hh_{name}"), direction == 1 && !isTurned, lengths?.Rows);
                var start = new UnitState(hidden?.select(0, index) ?? none, cell?.select(0, index) ?? none);
                var (y, states) = RecurrentFunction.Apply(call, isTurned ? lengths!.Turn(x) : x, start, wantsAllCells: lengths is not null);
                lastHidden.Add(lengths is not null ? lengths.Last(y) : y.select(0, direction == 0 ? y.shape[0] - 1 : 0));
                if (states is not null)
                    lastCell.Add(lengths is not null ? lengths.Last(states) : states);
                outputs[direction] = isTurned ? lengths!.Turn(y) : y;
            }
            x = directions == 1 ? outputs[0] : cat(outputs, 2);
            if (settings.Dropout > 0 && module.training && layer + 1 < settings.Layers)
                x = nn.functional.dropout(x, settings.Dropout, training: true);
        }
        return (x, stack(lastHidden), lastCell.Count == 0 ? null : stack(lastCell));
    }

    private (Tile Tile, TileCall Call) Begin(int tile, string name)
    {
        var weight = Parameter($"weight_{name}");
        var bias = settings.HasBias ? Parameter($"bias_{name}") : null;
        AnalogLayer.Bind(tiles[tile], weight, bias);
        return (tiles[tile], tiles[tile].Begin(weight, bias, module.training));
    }

    private Parameter Parameter(string name) => module.get_parameter(name)!;

    private void Check(Tensor x, Tensor? hidden, Tensor? cell)
    {
        var inputs = tiles[0].Inputs;
        if (x.dim() != 3 || x.size(-1) != inputs || x.size(settings.IsBatchFirst ? 1 : 0) == 0)
            throw new ArgumentException($"{tiles[0].Name}: the input must be [{(settings.IsBatchFirst ? "samples, time" : "time, samples")}, {inputs}], or [time, {inputs}], with at least one step, but is [{string.Join(", ", x.shape)}]; its last dimension is the number of inputs.");
        var samples = x.shape[settings.IsBatchFirst ? 0 : 1];
        long[] shape = [settings.Layers * (settings.IsBidirectional ? 2 : 1), samples, settings.Units];
        foreach (var (name, state) in new[] { ("hidden", hidden), ("cell", cell) })
            if (state is not null && !state.shape.SequenceEqual(shape))
                throw new ArgumentException($"{tiles[0].Name}: the initial {name} state must be [{string.Join(", ", shape)}], but is [{string.Join(", ", state.shape)}].");
        tiles[0].Check(x, Parameter("weight_ih_l0"));
    }
}
