using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Updates;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>An array of unit cells with all that it holds right now: conductances, variations, counters, random streams.</summary>
public abstract class CellArray : IUpdatable, IDisposable
{
    /// <summary>The counters that every array keeps.</summary>
    protected const string Key = "key", StepsTaken = "steps", ExamplesSeen = "examples", PulsesSent = "pulses", ProgrammingPulsesSent = "programming";

    /// <summary>An array over the given weights.</summary>
    /// <param name="rng">The stream of this array.</param>
    /// <param name="weights">The effective weights [outputs, inputs].</param>
    /// <param name="counters">Counters beside the common ones.</param>
    protected CellArray(Rng rng, Tensor weights, params string[] counters)
    {
        State = new TensorStore([Key, StepsTaken, ExamplesSeen, PulsesSent, ProgrammingPulsesSent, .. counters]);
        State.Counter(Key) = unchecked((long)rng.Key);
        Weights = weights;
        Engine = Engines.For(weights.device);
    }

    /// <summary>Everything that the array holds, as a torch module, so that it is saved and loaded with the model.</summary>
    public TensorStore State { get; }

    /// <summary>The effective weights [outputs, inputs] in normalised weight.</summary>
    public Tensor Weights { get; private set; }

    /// <summary>The key of the array's streams, from which its devices were made.</summary>
    internal long StreamKey => State.Counter(Key);

    /// <summary>Updates taken.</summary>
    public long Steps => State.Counter(StepsTaken);

    /// <summary>Training examples seen.</summary>
    public long Examples => State.Counter(ExamplesSeen);

    /// <summary>Update pulses that devices received.</summary>
    public long Pulses => State.Counter(PulsesSent);

    /// <summary>Pulses spent on writing weights, transfers and refreshes.</summary>
    public long ProgrammingPulses => State.Counter(ProgrammingPulsesSent);

    /// <summary>Pulses of either direction that each weight received (int32 [outputs, inputs]); null until <see cref="CountPulses"/>.</summary>
    public (Tensor Up, Tensor Down)? PulseCounts { get; private set; }

    /// <summary>Physical quantities worth looking at, by name, in SI: conductances of the devices, for instance.</summary>
    public abstract IEnumerable<(string Name, Tensor Values)> Observables { get; }

    /// <summary>Mean over the weights of all their conductances (S), each as often as its current counts; null for cells whose devices have no conductance in siemens.</summary>
    public virtual double? MeanSiemensPerWeight => null;

    /// <summary>Transfers from less to more significant devices so far.</summary>
    public virtual long Transfers => 0;

    private double pulseSize = 1;

    /// <summary>The engine that pulses the devices.</summary>
    protected IPulseEngine Engine { get; private set; }

    /// <summary>The stream of the current step.</summary>
    protected Rng StepStream => new Rng(unchecked((ulong)State.Counter(Key))).Split(Steps);

    /// <summary>Writes weights into fresh or used cells.</summary>
    /// <param name="targets">Target weights [outputs, inputs].</param>
    public void Write(Tensor targets)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        OnWrite(targets, StepStream.Split("write"));
        State.Counter(StepsTaken)++;
    }

    /// <inheritdoc/>
    public abstract double WeightStep { get; }

    /// <summary>Applies the pulses of a batch, then lets the time of its examples pass.</summary>
    /// <remarks>A batch is cut where something is due, so that every sample meets the array as it would alone.</remarks>
    public void Update(TrainPair trains, double size = 1)
    {
        var stream = StepStream.Split("update");
        try
        {
            pulseSize = size;
            for (var start = 0; start < trains.Samples;)
            {
                var count = (int)Math.Min(trains.Samples - start, ExamplesUntilDue(Examples));
                OnUpdate(start == 0 && count == trains.Samples ? trains : trains.Slice(start, count), start == 0 ? stream : stream.Split(start));
                start += count;
                Pass(count);
            }
        }
        finally
        {
            pulseSize = 1;
            State.Counter(StepsTaken)++; // also after an exception, so that no random number comes twice
        }
    }

    /// <inheritdoc/>
    public void Add(Tensor change, int samples)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        OnAdd(change);
        Pass(samples);
        State.Counter(StepsTaken)++;
    }

    /// <summary>Lets the time of examples pass without a change that anybody asks for, as in a frozen layer.</summary>
    /// <param name="samples">Number of training examples.</param>
    public void Idle(int samples)
    {
        for (var left = samples; left > 0;)
        {
            var count = (int)Math.Min(left, ExamplesUntilDue(Examples));
            left -= count;
            Pass(count);
        }
        State.Counter(StepsTaken)++;
    }

    /// <summary>Lets the time of examples pass, and does what is due after them.</summary>
    private void Pass(int samples)
    {
        var before = Examples;
        State.Counter(ExamplesSeen) += samples;
        OnExamples(before, Examples, StepStream.Split("examples"));
    }

    /// <summary>Starts, or restarts, to count the pulses of each weight.</summary>
    public void CountPulses()
    {
        PulseCounts?.Up.Dispose();
        PulseCounts?.Down.Dispose();
        PulseCounts = (
            zeros(Weights.shape, ScalarType.Int32, Weights.device).DetachFromDisposeScope(),
            zeros(Weights.shape, ScalarType.Int32, Weights.device).DetachFromDisposeScope());
    }

    /// <summary>Follows the weights to another tensor or torch device.</summary>
    public void Rebind(Tensor weights)
    {
        Weights = weights;
        Engine = Engines.For(weights.device);
        State.MoveTo(weights.device);
        OnRebind();
    }

    /// <summary>Recomputes the weights from the state, as after loading it.</summary>
    public abstract void Refresh();

    /// <inheritdoc/>
    public void Dispose()
    {
        State.Dispose();
        PulseCounts?.Up.Dispose();
        PulseCounts?.Down.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Brings the cells to target weights.</summary>
    protected abstract void OnWrite(Tensor targets, Rng rng);

    /// <summary>Applies pulse trains.</summary>
    protected abstract void OnUpdate(TrainPair trains, Rng rng);

    /// <summary>Moves the weights without pulses.</summary>
    protected abstract void OnAdd(Tensor change);

    /// <summary>Number of examples after which something is due next, at least 1.</summary>
    /// <param name="examples">Examples seen so far.</param>
    protected abstract long ExamplesUntilDue(long examples);

    /// <summary>Does what is due after examples: leakage, transfer, refresh.</summary>
    /// <param name="before">Examples seen before this batch.</param>
    /// <param name="after">Examples seen now.</param>
    /// <param name="rng">The stream of this step.</param>
    protected abstract void OnExamples(long before, long after, Rng rng);

    /// <summary>Called when the tensors have moved.</summary>
    protected virtual void OnRebind()
    {
    }

    /// <summary>Lets an engine work on a target, and books the pulses.</summary>
    protected void Run(DeviceArray array, PulseTarget target, Func<IPulseEngine, PulseTarget, IPulseStepVisitor> work, string counter)
    {
        (target.UpCounts, target.DownCounts) = counter == PulsesSent ? (PulseCounts?.Up, PulseCounts?.Down) : (null, null);
        target.Pulses = 0;
        (counter == PulsesSent ? array.Under(pulseSize) : array.Device).Accept(work(Engine, target));
        State.Counter(counter) += target.Pulses;
    }
}
