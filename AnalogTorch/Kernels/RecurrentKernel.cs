using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Kernels;

/// <summary>All units of a recurrent layer over one step of time: in registers in host memory, by tensors elsewhere.</summary>
internal interface IRecurrentKernel
{
    /// <summary>Number of gates.</summary>
    int GateCount { get; }

    /// <summary>Numbers that backward needs of each unit.</summary>
    int SavedCount { get; }

    /// <summary>Whether units have a cell state.</summary>
    bool HasCell { get; }

    /// <summary>Whether the errors of the hidden weights differ from those of the input weights.</summary>
    bool HasTwoErrors { get; }

    /// <summary>One step forward. All tensors are contiguous.</summary>
    /// <param name="input">What the input weights give [samples, gates · units].</param>
    /// <param name="recurrent">What the hidden weights give, likewise.</param>
    /// <param name="before">Hidden and cell state before [samples, units].</param>
    /// <param name="after">Where those after the step go.</param>
    /// <param name="saved">Where what backward needs goes [samples, saved · units].</param>
    void Forward(Tensor input, Tensor recurrent, UnitState before, UnitState after, Tensor saved);

    /// <summary>One step backward.</summary>
    /// <param name="saved">What forward saved.</param>
    /// <param name="before">Hidden and cell state before the step.</param>
    /// <param name="after">Those after it.</param>
    /// <param name="gradient">Gradients by the state after the step; by the one before it on return, as far as no weight is between.</param>
    /// <param name="dInput">Where the errors of the input weights go [samples, gates · units].</param>
    /// <param name="dRecurrent">Where the errors of the hidden weights go; the same tensor if they do not differ.</param>
    void Backward(Tensor saved, UnitState before, UnitState after, UnitState gradient, Tensor dInput, Tensor dRecurrent);
}

/// <summary>Hidden state and cell state [samples, units]; units without a cell have their hidden state in both places.</summary>
internal readonly record struct UnitState(Tensor Hidden, Tensor Cell);

/// <inheritdoc cref="IRecurrentKernel"/>
internal sealed class RecurrentKernel<TStep> : IRecurrentKernel where TStep : struct, IRecurrentStep<TStep>
{
    public int GateCount => TStep.GateCount;

    public int SavedCount => TStep.SavedCount;

    public bool HasCell => TStep.HasCell;

    public bool HasTwoErrors => TStep.HasTwoErrors;

    public unsafe void Forward(Tensor input, Tensor recurrent, UnitState before, UnitState after, Tensor saved)
    {
        if (before.Hidden.device_type != DeviceType.CPU)
        {
            ForwardByTensors(input, recurrent, before, after, saved);
            return;
        }
        var work = new ForwardWork(
            TensorMemory.Pointer<float>(input), TensorMemory.Pointer<float>(recurrent), StateMemory.Of(before), StateMemory.Of(after),
            TStep.SavedCount == 0 ? null : TensorMemory.Pointer<float>(saved), (int)before.Hidden.size(0), (int)before.Hidden.size(1));
        Wide.Run(ref work);
        GC.KeepAlive((input, recurrent, before, after, saved));
    }

    public unsafe void Backward(Tensor saved, UnitState before, UnitState after, UnitState gradient, Tensor dInput, Tensor dRecurrent)
    {
        if (before.Hidden.device_type != DeviceType.CPU)
        {
            BackwardByTensors(saved, before, after, gradient, dInput, dRecurrent);
            return;
        }
        var work = new BackwardWork(
            TStep.SavedCount == 0 ? null : TensorMemory.Pointer<float>(saved), StateMemory.Of(before), StateMemory.Of(after), StateMemory.Of(gradient),
            TensorMemory.Pointer<float>(dInput), TensorMemory.Pointer<float>(dRecurrent), (int)before.Hidden.size(0), (int)before.Hidden.size(1));
        Wide.Run(ref work);
        GC.KeepAlive((saved, before, after, gradient, dInput, dRecurrent));
    }

    private static void ForwardByTensors(Tensor input, Tensor recurrent, UnitState before, UnitState after, Tensor saved)
    {
        using var scope = NewDisposeScope();
        TensorLane hidden = before.Hidden, cell = before.Cell;
        var units = before.Hidden.shape[1];
        var kept = TStep.Forward(Split(input, TStep.GateCount, units), Split(recurrent, TStep.GateCount, units), ref hidden, ref cell);
        after.Hidden.copy_(hidden.Value);
        if (TStep.HasCell)
            after.Cell.copy_(cell.Value);
        Join(kept, saved, TStep.SavedCount, units);
    }

    private static void BackwardByTensors(Tensor saved, UnitState before, UnitState after, UnitState gradient, Tensor dInput, Tensor dRecurrent)
    {
        using var scope = NewDisposeScope();
        TensorLane dHidden = gradient.Hidden.clone(), dCell = gradient.Cell.clone();
        var units = before.Hidden.shape[1];
        var (input, recurrent) = TStep.Backward(Split(saved, TStep.SavedCount, units), before.Hidden, after.Hidden, before.Cell, after.Cell, ref dHidden, ref dCell);
        Join(input, dInput, TStep.GateCount, units);
        if (TStep.HasTwoErrors)
            Join(recurrent, dRecurrent, TStep.GateCount, units);
        gradient.Hidden.copy_(dHidden.Value);
        if (TStep.HasCell)
            gradient.Cell.copy_(dCell.Value);
    }

    private static Gates<TensorLane> Split(Tensor values, int count, long units)
    {
        var parts = Enumerable.Range(0, 4).Select(gate => gate < count ? (TensorLane)values.narrow(1, gate * units, units) : default).ToArray();
        return new(parts[0], parts[1], parts[2], parts[3]);
    }

    private static void Join(Gates<TensorLane> parts, Tensor values, int count, long units)
    {
        TensorLane[] all = [parts.A, parts.B, parts.C, parts.D];
        for (var gate = 0; gate < count; gate++)
            values.narrow(1, gate * units, units).copy_(all[gate].Value);
    }

    private readonly unsafe struct StateMemory(float* hidden, float* cell)
    {
        public readonly float* Hidden = hidden, Cell = cell;

        public static StateMemory Of(UnitState state) =>
            new(TensorMemory.Pointer<float>(state.Hidden), TStep.HasCell ? TensorMemory.Pointer<float>(state.Cell) : null);
    }

    /// <summary>Loads and stores of a register of units, or of the rest of a row.</summary>
    private readonly unsafe struct Lanes<T>(int width) where T : struct, IWide<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Load(float* source) => width == T.Width ? T.Load(source) : VectorMemory.LoadPart<T>(source, width);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(T value, float* target)
        {
            if (width == T.Width)
                T.Store(value, target);
            else
                VectorMemory.StorePart(value, target, width);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Gates<T> LoadGates(float* source, int units, int count)
        {
            T none = T.Zero;
            return new(
                count > 0 ? Load(source) : none, count > 1 ? Load(source + units) : none,
                count > 2 ? Load(source + 2 * units) : none, count > 3 ? Load(source + 3 * units) : none);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void StoreGates(in Gates<T> gates, float* target, int units, int count)
        {
            if (count > 0)
                Store(gates.A, target);
            if (count > 1)
                Store(gates.B, target + units);
            if (count > 2)
                Store(gates.C, target + 2 * units);
            if (count > 3)
                Store(gates.D, target + 3 * units);
        }
    }

    private readonly unsafe struct ForwardWork(float* input, float* recurrent, StateMemory before, StateMemory after, float* saved, int samples, int units) : IWideWork
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>() where T : struct, IWide<T>
        {
            for (var sample = 0; sample < samples; sample++)
            {
                var unit = 0;
                for (; unit + T.Width <= units; unit += T.Width)
                    Step<T>(sample, unit, new(T.Width));
                if (unit < units)
                    Rest<T>(sample, unit);
            }
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private void Rest<T>(int sample, int unit) where T : struct, IWide<T> => Step<T>(sample, unit, new(units - unit));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Step<T>(int sample, int unit, Lanes<T> lanes) where T : struct, IWide<T>
        {
            var state = (long)sample * units + unit;
            var gates = (long)sample * TStep.GateCount * units + unit;
            T hidden = lanes.Load(before.Hidden + state), cell = TStep.HasCell ? lanes.Load(before.Cell + state) : T.Zero;
            var kept = TStep.Forward(
                lanes.LoadGates(input + gates, units, TStep.GateCount), lanes.LoadGates(recurrent + gates, units, TStep.GateCount), ref hidden, ref cell);
            lanes.Store(hidden, after.Hidden + state);
            if (TStep.HasCell)
                lanes.Store(cell, after.Cell + state);
            lanes.StoreGates(kept, saved + (long)sample * TStep.SavedCount * units + unit, units, TStep.SavedCount);
        }
    }

    private readonly unsafe struct BackwardWork(
        float* saved, StateMemory before, StateMemory after, StateMemory gradient, float* dInput, float* dRecurrent, int samples, int units) : IWideWork
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>() where T : struct, IWide<T>
        {
            for (var sample = 0; sample < samples; sample++)
            {
                var unit = 0;
                for (; unit + T.Width <= units; unit += T.Width)
                    Step<T>(sample, unit, new(T.Width));
                if (unit < units)
                    Rest<T>(sample, unit);
            }
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private void Rest<T>(int sample, int unit) where T : struct, IWide<T> => Step<T>(sample, unit, new(units - unit));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Step<T>(int sample, int unit, Lanes<T> lanes) where T : struct, IWide<T>
        {
            var state = (long)sample * units + unit;
            var gates = (long)sample * TStep.GateCount * units + unit;
            T none = T.Zero;
            T dHidden = lanes.Load(gradient.Hidden + state), dCell = TStep.HasCell ? lanes.Load(gradient.Cell + state) : none;
            var (input, recurrent) = TStep.Backward(
                lanes.LoadGates(saved + (long)sample * TStep.SavedCount * units + unit, units, TStep.SavedCount),
                lanes.Load(before.Hidden + state), lanes.Load(after.Hidden + state),
                TStep.HasCell ? lanes.Load(before.Cell + state) : none, TStep.HasCell ? lanes.Load(after.Cell + state) : none, ref dHidden, ref dCell);
            lanes.StoreGates(input, dInput + gates, units, TStep.GateCount);
            if (TStep.HasTwoErrors)
                lanes.StoreGates(recurrent, dRecurrent + gates, units, TStep.GateCount);
            lanes.Store(dHidden, gradient.Hidden + state);
            if (TStep.HasCell)
                lanes.Store(dCell, gradient.Cell + state);
        }
    }
}
