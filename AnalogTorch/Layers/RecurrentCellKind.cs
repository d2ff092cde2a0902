using AnalogTorch.Kernels;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Recurrent cells, which a model runs step by step: LSTM, GRU, and plain ones.</summary>
/// <remarks>Each step is a call of its own: weight noise is drawn anew at every step, where a layer over a sequence draws it once.</remarks>
internal sealed class RecurrentCellKind : LayerKind
{
    private static readonly string[] Roles = ["ih", "hh"];

    public override bool Handles(nn.Module module) => module is LSTMCell or GRUCell or RNNCell;

    public override IEnumerable<LayerMatrix> Matrices(nn.Module module)
    {
        foreach (var role in Roles)
            yield return new(role, module.get_parameter($"weight_{role}")!, module.has_parameter($"bias_{role}") ? module.get_parameter($"bias_{role}") : null);
    }

    public override IEnumerable<LayerArray> Arrays(nn.Module module) =>
        RecurrentKind.Arrays("", 0, module.get_parameter("weight_hh")!.shape[1], meetOnOutputs: module is not GRUCell);

    public override long Reads(nn.Module module, LayerCall call) => call.InputRows;

    public override IEnumerable<(int Matrix, Tensor Rows)> Drives(nn.Module module, LayerInput input) =>
        [(0, input.X), (1, input.Hidden ?? zeros([.. input.X.shape[..^1], module.get_parameter("weight_hh")!.shape[1]], device: input.X.device))];

    public override IDisposable Put(nn.Module module, IReadOnlyList<Tile> tiles)
    {
        switch (module)
        {
            case LSTMCell lstm:
                var run = new CellRun(lstm, new RecurrentKernel<LstmStep>(), tiles);
                return StandInHooks.Install<(Tensor, Tensor)?, (Tensor, Tensor)>(
                    lstm, tiles[0].Gate, () => (run.StandIn(), (run.StandInState(), run.StandInState())), run.RunWithCell, results => Dispose(results), state => Dispose(state!.Value));
            case GRUCell gru:
                var gated = new CellRun(gru, new RecurrentKernel<GruStep>(), tiles);
                return StandInHooks.Install<Tensor?, Tensor>(gru!, tiles[0].Gate, () => (gated.StandIn(), gated.StandInState()), gated.Run, result => result.Dispose(), state => state!.Dispose());
            default:
                var rnn = (RNNCell)module;
                var plain = new CellRun(rnn, RecurrentProbe.IsRectified(rnn) ? new RecurrentKernel<ReluStep>() : new RecurrentKernel<TanhStep>(), tiles);
                return StandInHooks.Install<Tensor?, Tensor>(rnn!, tiles[0].Gate, () => (plain.StandIn(), plain.StandInState()), plain.Run, result => result.Dispose(), state => state!.Dispose());
        }
    }

    private static void Dispose((Tensor, Tensor) tensors)
    {
        tensors.Item1.Dispose();
        tensors.Item2.Dispose();
    }

    /// <summary>A cell on its tiles: a sequence of one step.</summary>
    private sealed class CellRun(nn.Module module, IRecurrentKernel kernel, IReadOnlyList<Tile> tiles)
    {
        /// <summary>An input without samples.</summary>
        public Tensor StandIn() => WithoutSamples(tiles[0].Inputs);

        /// <summary>The state of none; torch's cells do not all know how to start from zeros themselves.</summary>
        public Tensor StandInState() => WithoutSamples(tiles[1].Inputs);

        public (Tensor, Tensor) RunWithCell(Tensor x, (Tensor, Tensor)? state)
        {
            var (hidden, cell) = Run(x, state?.Item1, state?.Item2);
            return (hidden, cell!);
        }

        public Tensor Run(Tensor x, Tensor? state) => Run(x, state, null).Hidden;

        private (Tensor Hidden, Tensor? Cell) Run(Tensor x, Tensor? hidden, Tensor? cell)
        {
            using var passage = tiles[0].Gate.Enter();
            Check(x, hidden, cell);
            try
            {
                using var scope = NewDisposeScope();
                var isSingle = x.dim() == 1;
                var rows = isSingle ? x.unsqueeze(0) : x;
                var none = zeros([rows.shape[0], tiles[1].Inputs], device: x.device);
                var start = new UnitState(Rows(hidden) ?? none, Rows(cell) ?? none);
                var (y, c) = RecurrentFunction.Apply(new(kernel, Begin(0), Begin(1), IsReversed: false), rows.unsqueeze(0), start);
                y = y.select(0, 0);
                return isSingle
                    ? (y.squeeze(0).MoveToOuterDisposeScope(), c?.squeeze(0).MoveToOuterDisposeScope())
                    : (y.MoveToOuterDisposeScope(), c?.MoveToOuterDisposeScope());
            }
            catch (NotFiniteNumberException)
            {
                throw tiles[0].NotFinite();
            }

            static Tensor? Rows(Tensor? state) => state is { } given && given.dim() == 1 ? given.unsqueeze(0) : state;
        }

        private Tensor WithoutSamples(long values)
        {
            var weight = module.get_parameter("weight_ih")!;
            return empty([0, values], dtype: weight.dtype, device: weight.device);
        }

        private (Tile Tile, TileCall Call) Begin(int tile)
        {
            var weight = module.get_parameter($"weight_{Roles[tile]}")!;
            var bias = module.has_parameter($"bias_{Roles[tile]}") ? module.get_parameter($"bias_{Roles[tile]}") : null;
            AnalogLayer.Bind(tiles[tile], weight, bias);
            return (tiles[tile], tiles[tile].Begin(weight, bias, module.training));
        }

        private void Check(Tensor x, Tensor? hidden, Tensor? cell)
        {
            var (inputs, units) = (tiles[0].Inputs, tiles[1].Inputs);
            if (x.dim() is not (1 or 2) || x.size(-1) != inputs)
                throw new ArgumentException($"{tiles[0].Name}: the input must be [samples, {inputs}] or [{inputs}], but is [{string.Join(", ", x.shape)}]; its last dimension is the number of inputs.");
            long[] shape = [.. x.shape[..^1], units];
            foreach (var (name, state) in new[] { ("hidden", hidden), ("cell", cell) })
                if (state is not null && !state.shape.SequenceEqual(shape))
                    throw new ArgumentException($"{tiles[0].Name}: the {name} state before the step must be [{string.Join(", ", shape)}], but is [{string.Join(", ", state.shape)}].");
            tiles[0].Check(x, module.get_parameter("weight_ih")!);
        }
    }
}
