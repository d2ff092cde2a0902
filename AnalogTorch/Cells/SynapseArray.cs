using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>Cells of one or several synapses side by side: W = Σ_n (synapse_n)/ValuePerWeight.</summary>
internal abstract class SynapseArray : CellArray
{
    protected const string RefreshDuty = "refresh";
    private const int MostWritePulses = 60;
    private readonly Synapse synapse;
    private readonly float perValue;
    private readonly DeviceArray[] first, second;

    /// <summary>Manufactures the synapses.</summary>
    /// <param name="cell">What its cells are.</param>
    /// <param name="rng">The stream of this array.</param>
    /// <param name="weights">The effective weights [outputs, inputs].</param>
    /// <param name="schedule">What falls due in it beside refreshes and time.</param>
    /// <param name="set">The synapses.</param>
    /// <param name="counters">Counters beside the common ones.</param>
    protected SynapseArray(UnitCell cell, Rng rng, Tensor weights, Schedule schedule, SynapseSet set, params string[] counters)
        : base(cell, rng, weights, With(schedule, cell, set), counters)
    {
        (synapse, perValue) = (set.Synapse, (float)(1 / set.ValuePerWeight));
        first = [.. Enumerable.Range(0, set.Count).Select(n => AddDevices(synapse.Element, $"plus{n}"))];
        second = synapse.IsPair ? [.. Enumerable.Range(0, set.Count).Select(n => AddDevices(synapse.Element, $"minus{n}"))] : [];
        using var scope = NewDisposeScope();
        for (var n = 0; n < set.Count; n++)
        {
            if (synapse.Against.Draw(synapse.Element, first[n].Planes, rng.Split("reference").Split(n)) is { } reference)
                State.Add(ReferenceOf(n), reference.expand(weights.shape).contiguous());
            if (set.Count > 1)
                State.Add(ShareOf(n), zeros_like(weights));
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Values)> Observables =>
        first.Select((array, n) => ($"G⁺{n}", Read(array))).Concat(second.Select((array, n) => ($"G⁻{n}", Read(array))));

    /// <inheritdoc/>
    public override double? MeanSiemensPerWeight
    {
        get
        {
            if (!synapse.Element.IsInSiemens)
                return null;
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            return first.Concat(second).Sum(array => (double)Read(array).mean().item<float>());
        }
    }

    /// <summary>Number of synapses of a weight.</summary>
    protected int Count => first.Length;

    /// <inheritdoc/>
    public override void Refresh()
    {
        for (var n = 0; n < Count; n++)
            Read(first[n], Plus(n));
        Sum();
    }

    /// <inheritdoc/>
    protected override void OnWrite(Tensor targets, Rng rng)
    {
        for (var n = 0; n < Count; n++)
        {
            var values = targets * (1 / perValue / Count);
            if (!synapse.IsPair)
                first[n].Set(ReferenceAt(n) is { } reference ? values + reference : values);
            else
                Rewrite(n, arange(values.NumberOfElements, ScalarType.Int64, values.device), values.reshape(-1), rng.Split(n));
        }
        Refresh();
    }

    /// <inheritdoc/>
    protected override void OnTime(double seconds, Rng rng)
    {
        foreach (var array in first.Concat(second))
            array.Pass(seconds);
        Refresh();
    }

    /// <inheritdoc/>
    protected override void OnDue(Duty duty, Rng rng)
    {
        if (duty.Name != RefreshDuty)
            return;
        for (var n = 0; n < Count; n++)
        {
            var largest = maximum(first[n].Planes.Value, second[n].Planes.Value);
            var saturated = (largest > (float)synapse.Saturating.SaturatedAbove).view(-1).nonzero().squeeze(1);
            if (saturated.NumberOfElements > 0)
                Rewrite(n, saturated, first[n].At(saturated) - second[n].At(saturated), rng.Split(n));
        }
        Refresh();
    }

    /// <summary>Sends one synapse of every weight the pulses of trains.</summary>
    protected void Send(int n, TrainPair trains, Rng rng)
    {
        Pulse(first[n], Plus(n), trains, rng.Split("plus"));
        if (synapse.IsPair)
            Pulse(second[n], Minus(n), trains, rng.Split("minus"));
    }

    /// <summary>Sends one synapse of every weight its own number of pulses, upward where it is positive.</summary>
    protected void Send(int n, Tensor counts, Rng rng)
    {
        if (!synapse.IsPair)
        {
            Pulse(first[n], Plus(n), counts, rng);
            return;
        }
        Pulse(first[n], Plus(n), counts.clamp_min(0), rng.Split("plus"));
        Pulse(second[n], Minus(n), counts.clamp_max(0).neg_(), rng.Split("minus"));
    }

    /// <summary>Moves one synapse of every weight by an amount (w), without pulses.</summary>
    protected void Shift(int n, Tensor change)
    {
        var values = change * (1 / perValue);
        if (synapse.IsPair)
        {
            first[n].Raise(values.clamp_min(0f));
            second[n].Raise(values.clamp_max(0f).neg_());
        }
        else
        {
            first[n].Set(first[n].Planes.Value + values);
        }
        Refresh();
    }

    /// <summary>Works out the weights from the shares of several synapses.</summary>
    protected void Sum()
    {
        if (Count == 1)
            return;
        using var noGrad = no_grad();
        Weights.copy_(State[ShareOf(0)]);
        for (var n = 1; n < Count; n++)
            Weights.add_(State[ShareOf(n)]);
    }

    private void Rewrite(int n, Tensor pairs, Tensor differences, Rng rng)
    {
        var (plus, minus) = (first[n], second[n]);
        plus.Reset(pairs, rng.Split("reset plus"));
        minus.Reset(pairs, rng.Split("reset minus"));
        CountProgramming(2 * pairs.NumberOfElements);
        Seek(plus, Plus(n), where(differences > 0, differences + minus.At(pairs), float.NegativeInfinity), "plus");
        Seek(minus, Minus(n), where(differences < 0, plus.At(pairs) - differences, float.NegativeInfinity), "minus");

        void Seek(DeviceArray array, PulseTarget target, Tensor goals, string name)
        {
            var all = full_like(Weights, float.NegativeInfinity);
            all.view(-1).index_copy_(0, pairs, goals);
            this.Seek(array, target, all, (float)(synapse.Element.NominalStep / 2), MostWritePulses, rng.Split(name));
        }
    }

    private PulseTarget Plus(int n) => first[n].Target(() => Target(
        first[n], synapse.IsPair ? second[n].Planes.Value : ReferenceAt(n), n, synapse.IsPair ? PulseSide.UpOnly : PulseSide.Both, 1));

    private PulseTarget Minus(int n) => second[n].Target(() => Target(second[n], first[n].Planes.Value, n, PulseSide.DownOnly, -1));

    private PulseTarget Target(DeviceArray array, Tensor? other, int n, PulseSide side, int sign) => new()
    {
        Planes = array.Planes,
        Weights = Count == 1 ? Weights : State[ShareOf(n)],
        Other = other,
        Gain = sign * perValue,
        OtherGain = -sign * perValue,
        Side = side,
    };

    private Tensor? ReferenceAt(int n) => State.Names.Contains(ReferenceOf(n)) ? State[ReferenceOf(n)] : null;

    private static string ReferenceOf(int n) => $"plus{n}_reference";

    private static string ShareOf(int n) => $"share{n}";

    private static Schedule With(Schedule schedule, UnitCell cell, SynapseSet set) => schedule with
    {
        Duties = set.Synapse.Saturating.Interval == Schedule.Never ? schedule.Duties : [.. schedule.Duties, new(RefreshDuty, set.Synapse.Saturating.Interval)],
        SettleEvery = set.Synapse.Element is ILeaking ? cell.LeakEvery : Schedule.Never,
    };
}

/// <summary>Synapses of a weight.</summary>
/// <param name="Synapse">What each is.</param>
/// <param name="Count">Their number.</param>
/// <param name="ValuePerWeight">Value, in the device's own unit, that stands for a weight of 1.</param>
internal sealed record SynapseSet(Synapse Synapse, int Count, double ValuePerWeight);

/// <summary>One synapse as its equations say, for the witnesses of rules that have some.</summary>
internal sealed class SynapseWitness(Synapse synapse, Func<PulsedDevice, IMeanElement> elements)
{
    private readonly double reference = synapse.Against.Nominal(synapse.Element);

    /// <summary>The device that is pulsed to raise the weight, or both ways.</summary>
    public IMeanElement Plus { get; } = elements(synapse.Element);

    /// <summary>The device that is pulsed to lower it; unused where one goes both ways.</summary>
    public IMeanElement Minus { get; } = elements(synapse.Element);

    /// <summary>What it adds to the weight, in the device's own unit.</summary>
    public double Value => synapse.IsPair ? Plus.Seen - Minus.Seen : Plus.Seen - reference;

    /// <summary>What an array shows of it.</summary>
    public IEnumerable<(string Name, double Value)> Observables(int n) => synapse.IsPair ? [($"G⁺{n}", Plus.Seen), ($"G⁻{n}", Minus.Seen)] : [($"G⁺{n}", Plus.Seen)];

    /// <summary>Blind pulses.</summary>
    public void Send(int pulses)
    {
        for (var left = Math.Abs(pulses); left > 0; left--)
            (synapse.IsPair && pulses < 0 ? Minus : Plus).Pulse(up: synapse.IsPair || pulses > 0);
    }

    /// <summary>Writes a value.</summary>
    public void Write(double value)
    {
        if (!synapse.IsPair)
        {
            Plus.Value = Math.Clamp(value + reference, Plus.Bounds.Min, Plus.Bounds.Max);
            return;
        }
        Plus.Reset();
        Minus.Reset();
        var (rising, goal) = value > 0 ? (Plus, Minus.Value + value) : (Minus, Plus.Value - value);
        for (var pulse = 0; value != 0 && pulse < 60 && rising.Value < goal - synapse.Element.NominalStep / 2; pulse++)
            rising.Pulse(up: true);
    }

    /// <summary>The look that a refresh takes.</summary>
    public void Look()
    {
        if (Math.Max(Plus.Value, Minus.Value) > synapse.Saturating.SaturatedAbove)
            Write(Value);
    }
}
