using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>One direction of one recurrent layer, over one sequence.</summary>
/// <param name="Kernel">What a unit does.</param>
/// <param name="Input">The tile of input weights, and its call.</param>
/// <param name="Hidden">The tile of hidden weights, and its call.</param>
/// <param name="IsReversed">Whether time runs backward.</param>
/// <param name="Rows">Which rows [time · samples] belong to sequences, where some are shorter than the longest; null for all.</param>
internal sealed record RecurrentCall(IRecurrentKernel Kernel, (Tile Tile, TileCall Call) Input, (Tile Tile, TileCall Call) Hidden, bool IsReversed, long[]? Rows = null);

/// <summary>The autograd node of a whole sequence: one read for the inputs of all steps, one read a step for the hidden state.</summary>
/// <remarks>The two reads have converters of their own, and are added digitally, where the gates are computed too.</remarks>
internal sealed class RecurrentFunction : autograd.MultiTensorFunction<RecurrentFunction>
{
    public override string Name => nameof(RecurrentFunction);

    /// <summary>Runs a sequence.</summary>
    /// <param name="call">The layer.</param>
    /// <param name="x">Inputs [time, samples, inputs].</param>
    /// <param name="start">State before the first step [samples, units].</param>
    /// <param name="wantsAllCells">Whether the cell states after all steps are wanted, and not the last alone.</param>
    /// <returns>Hidden states [time, samples, units], and where units have one the last cell state [samples, units], or all of them.</returns>
    public static (Tensor Y, Tensor? Cell) Apply(RecurrentCall call, Tensor x, UnitState start, bool wantsAllCells = false)
    {
        var result = is_grad_enabled()
            ? apply(x, start.Hidden, call.Kernel.HasCell ? start.Cell : null!, call.Input.Call.Weight, call.Hidden.Call.Weight, call.Input.Call.Bias!, call.Hidden.Call.Bias!, call, wantsAllCells)
            : Forward(call, x, start, wantsAllCells).Outputs;
        if (!call.Kernel.HasCell)
            return (result[0], null);
        var steps = x.shape[0];
        return (result[0].narrow(0, 0, steps), wantsAllCells ? result[0].narrow(0, steps, steps) : result[0].select(0, steps));
    }

    public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, hidden, call) = ((Tensor)vars[0], (Tensor)vars[1], (RecurrentCall)vars[7]);
        var (outputs, sequence) = Forward(call, x, new(hidden, vars[2] as Tensor ?? hidden), (bool)vars[8]);
        sequence.Keep();
        (sequence.WantsInput, sequence.WantsHidden, sequence.WantsCell) = (x.requires_grad, hidden.requires_grad, vars[2] is Tensor { requires_grad: true });
        ctx.save_data("sequence", sequence);
        ctx.set_materialize_grads(false); // torch would need tensors for it that the caller's dispose scope has freed by then
        if (!call.Input.Tile.LearnsByPulses || !call.Hidden.Tile.LearnsByPulses)
            ctx.save_for_backward([call.Input.Call.Weight, call.Hidden.Call.Weight]); // torch counts writes to them, and refuses a backward through values that are gone
        return outputs;
    }

    /// <remarks>An exception here would end the process, so the tile keeps it.</remarks>
    public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
    {
        var sequence = (Sequence)ctx.get_data("sequence");
        try
        {
            using var scope = NewDisposeScope();
            Tile.CheckOrder();
            if (!sequence.Call.Input.Tile.LearnsByPulses || !sequence.Call.Hidden.Tile.LearnsByPulses)
                ctx.get_saved_variables();
            var gradients = sequence.Backward(grad_outputs[0]);
            return [.. gradients.Select(gradient => gradient?.MoveToOuterDisposeScope()!), null!, null!];
        }
        catch (Exception exception)
        {
            sequence.Call.Input.Tile.Keep(exception);
            return [.. sequence.NoGradients(), null!, null!];
        }
    }

    private static (List<Tensor> Outputs, Sequence Sequence) Forward(RecurrentCall call, Tensor x, UnitState start, bool wantsAllCells)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (kernel, steps, samples, units) = (call.Kernel, x.shape[0], x.shape[1], call.Hidden.Tile.Inputs);
        x = x.detach().contiguous();
        var options = x.device;
        var hidden = empty([steps + 1, samples, units], device: options);
        var cell = kernel.HasCell ? empty([steps + 1, samples, units], device: options) : hidden;
        var saved = empty([steps, samples, Math.Max(kernel.SavedCount, 1) * units], device: options);
        var sequence = new Sequence(call, x, hidden, cell, saved);
        var first = sequence.State(call.IsReversed ? steps : 0);
        first.Hidden.copy_(start.Hidden);
        if (kernel.HasCell)
            first.Cell.copy_(start.Cell);
        var input = call.Input.Tile.ReadInputs(call.Input.Call).Forward(x.view(steps * samples, x.shape[2])).view(steps, samples, call.Input.Tile.Outputs);
        var recurrent = call.Hidden.Tile.ReadInputs(call.Hidden.Call);
        for (var step = 0L; step < steps; step++)
        {
            using var inner = NewDisposeScope();
            var time = call.IsReversed ? steps - 1 - step : step;
            var (before, after) = sequence.Around(time);
            kernel.Forward(input.select(0, time), recurrent.Forward(before.Hidden, time), before, after, saved.select(0, time));
        }
        // One tensor for all, hidden states before cells: of several, torch would hand back those that nobody used as tensors that are never freed.
        var ofHidden = hidden.narrow(0, call.IsReversed ? 0 : 1, steps);
        var ofCell = wantsAllCells ? cell.narrow(0, call.IsReversed ? 0 : 1, steps) : cell.narrow(0, call.IsReversed ? 0 : steps, 1);
        List<Tensor> outputs = [(kernel.HasCell ? cat([ofHidden, ofCell]) : ofHidden.clone()).MoveToOuterDisposeScope()];
        foreach (var tensor in new[] { x, hidden, cell, saved })
            tensor.MoveToOuterDisposeScope();
        return (outputs, sequence);
    }

    /// <summary>What a sequence keeps from forward to backward.</summary>
    private sealed class Sequence(RecurrentCall call, Tensor x, Tensor hidden, Tensor cell, Tensor saved)
    {
        public RecurrentCall Call => call;

        public bool WantsInput { get; set; }

        public long[] InputShape { get; } = x.shape;

        public long[] StateShape { get; } = [x.shape[1], hidden.shape[2]];

        public bool WantsHidden { get; set; }

        public bool WantsCell { get; set; }

        /// <summary>Holds the tensors beyond the caller's dispose scope.</summary>
        public void Keep()
        {
            foreach (var tensor in new[] { x, hidden, cell, saved })
                tensor.DetachFromDisposeScope();
        }

        public UnitState State(long time) => new(hidden.select(0, time), cell.select(0, time));

        /// <summary>The states before and after a step.</summary>
        public (UnitState Before, UnitState After) Around(long time) =>
            call.IsReversed ? (State(time + 1), State(time)) : (State(time), State(time + 1));

        /// <summary>The same where they cannot be worked out.</summary>
        public List<Tensor> NoGradients()
        {
            var (input, recurrent) = (call.Input, call.Hidden);
            var (ofWeight, ofBias) = input.Call.NoGradients(input.Tile.Outputs);
            var (ofHiddenWeight, ofHiddenBias) = recurrent.Call.NoGradients(recurrent.Tile.Outputs);
            return
            [
                input.Call.NoGradient(WantsInput, InputShape), input.Call.NoGradient(WantsHidden, StateShape), input.Call.NoGradient(WantsCell, StateShape),
                ofWeight, ofHiddenWeight, ofBias, ofHiddenBias,
            ];
        }

        /// <summary>Gradients by inputs, start state, weights and biases.</summary>
        public List<Tensor?> Backward(Tensor dOutputs)
        {
            if (hidden.IsInvalid)
                throw new InvalidOperationException("backward ran twice through one call; run forward again before the second");
            using var noGrad = no_grad();
            var (kernel, steps, samples, units) = (call.Kernel, x.shape[0], x.shape[1], hidden.shape[2]);
            var gates = kernel.GateCount * units;
            var gradient = new UnitState(zeros_like(hidden[0]), zeros_like(hidden[0]));
            var dHidden = dOutputs.narrow(0, 0, steps);
            var dCells = dOutputs.shape[0] == 2 * steps && steps > 1 ? dOutputs.narrow(0, steps, steps) : null;
            if (kernel.HasCell && dCells is null)
                gradient.Cell.copy_(dOutputs.select(0, steps));
            var dInput = empty([steps, samples, gates], device: x.device);
            var dRecurrent = kernel.HasTwoErrors ? empty_like(dInput) : dInput;
            var recurrent = call.Hidden.Tile.ReadOutputs(call.Hidden.Call);
            for (var step = 0L; step < steps; step++)
            {
                using var inner = NewDisposeScope();
                var time = call.IsReversed ? step : steps - 1 - step;
                gradient.Hidden.add_(dHidden.select(0, time));
                if (dCells is not null)
                    gradient.Cell.add_(dCells.select(0, time));
                var (before, after) = Around(time);
                var error = dRecurrent.select(0, time);
                kernel.Backward(saved.select(0, time), before, after, gradient, dInput.select(0, time), error);
                gradient.Hidden.add_(recurrent.Backward(error, time));
            }
            var inputErrors = dInput.view(steps * samples, gates);
            var recurrentErrors = dRecurrent.view(steps * samples, gates);
            Tile.CheckGradient(inputErrors);
            var previous = hidden.narrow(0, call.IsReversed ? 1 : 0, steps).view(steps * samples, units);
            var dX = WantsInput ? call.Input.Tile.ReadOutputs(call.Input.Call).Backward(inputErrors).view(x.shape) : null;
            var (dWeight, dBias) = Learn(call.Input, x.view(steps * samples, x.shape[2]), inputErrors);
            var (dHiddenWeight, dHiddenBias) = Learn(call.Hidden, previous, recurrentErrors);
            foreach (var tensor in new[] { x, hidden, cell, saved })
                tensor.Dispose();
            return [dX, WantsHidden ? gradient.Hidden : null, WantsCell ? gradient.Cell : null, dWeight, dHiddenWeight, dBias, dHiddenBias];
        }

        /// <summary>The gradients of one tile, or nothing and an example for its next update.</summary>
        private (Tensor? Weight, Tensor? Bias) Learn((Tile Tile, TileCall Call) part, Tensor inputs, Tensor errors)
        {
            if (call.Rows is not null) // what is beyond the end of a sequence was never driven
            {
                var rows = tensor(call.Rows, device: inputs.device);
                (inputs, errors) = (inputs.index_select(0, rows), errors.index_select(0, rows));
            }
            var (tile, own) = part;
            if (own.WantsUpdate)
                tile.Keep(own, new RowExample(inputs.alias(), errors.alias()));
            return (own.AsParameter(own.WantsWeight ? errors.t().mm(inputs) : null), own.WantsBias ? errors.sum([0L]) : null);
        }
    }
}
