using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using AnalogTorch.Updates;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>An array of unit cells with all that it holds right now: conductances, variations, counters, random streams.</summary>
/// <remarks>
/// Its life: it is built, written, and from then on takes pulses or exact changes (<see cref="Update"/>, <see cref="Add"/>), each of which lets the time of its
/// examples pass and does what the <see cref="Schedule"/> says is due. A derived array adds its hidden arrays in its constructor and says what writing,
/// pulses, time and its duties do to them; whatever else it holds (digital buffers) are tensors and counters of its <see cref="State"/>.
/// </remarks>
public abstract partial class CellArray : IUpdatable, IDisposable
{
    private const string Key = "key", StepsTaken = "steps", ExamplesSeen = "examples", PulsesSent = "pulses", ProgrammingPulsesSent = "programming";
    private const string SettledUntil = "leaked_until", Clock = "clock"; // the former is what checkpoints know it by
    private readonly Schedule schedule;
    private readonly List<DeviceArray> devices = [];
    private IPulseEngine engine;

    /// <summary>An array over the given weights.</summary>
    /// <param name="cell">What its cells are.</param>
    /// <param name="rng">The stream of this array.</param>
    /// <param name="weights">The effective weights [outputs, inputs].</param>
    /// <param name="schedule">What falls due in it.</param>
    /// <param name="counters">Counters beside the common ones.</param>
    protected CellArray(UnitCell cell, Rng rng, Tensor weights, Schedule schedule, params string[] counters)
    {
        (Cell, Weights, this.schedule, engine) = (cell, weights, schedule, Engines.For(weights.device));
        string[] ofTime = schedule.Settles ? [SettledUntil] : [];
        State = new TensorStore([Key, StepsTaken, ExamplesSeen, PulsesSent, ProgrammingPulsesSent, .. counters, .. ofTime]);
        State.Counter(Key) = unchecked((long)rng.Key);
        if (schedule.KeepsClock)
            State.Add(Clock, zeros(1, ScalarType.Float64));
    }

    /// <summary>What its cells are.</summary>
    public UnitCell Cell { get; }

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

    /// <inheritdoc/>
    public double WeightStep => Cell.WeightStep;

    /// <summary>Age of the array (s), transfers and waiting included, as far as it is worked into the cells; 0 where the schedule keeps no clock.</summary>
    public double Age => schedule.KeepsClock ? State[Clock].item<double>() : 0;

    /// <summary>The rates of the examples that the array is taking now; 0 while it is frozen.</summary>
    protected TrainingRates Rates { get; private set; }

    /// <summary>What the rule of the cells took beside trains and their pulses, so far.</summary>
    public virtual RuleWork Work => default;

    private Rng Stream => new(unchecked((ulong)State.Counter(Key)));

    private Rng StepStream => Stream.Split(Steps);

    /// <summary>Writes weights into fresh or used cells.</summary>
    /// <param name="targets">Target weights [outputs, inputs].</param>
    public void Write(Tensor targets)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        OnWrite(targets, StepStream.Split("write"));
        State.Counter(StepsTaken)++;
    }

    /// <summary>Applies the pulses of a batch, then lets the time of its examples pass.</summary>
    /// <remarks>A batch is cut where something is due, so that every sample meets the array as it would alone.</remarks>
    public void Update(TrainPair trains)
    {
        var stream = StepStream.Split("update");
        Rates = new(trains.Rate, trains.TrainRate);
        try
        {
            for (var (start, times) = (OnBatch(trains, stream) ? trains.Samples : 0, 0); start < trains.Samples;)
            {
                var count = (int)Math.Min(trains.Samples - start, schedule.UntilDue(Examples));
                OnUpdate(start == 0 && count == trains.Samples ? trains : trains.Slice(start, count), start == 0 ? stream : stream.Split(start));
                start += count;
                Pass(count, ref times);
            }
        }
        finally
        {
            State.Counter(StepsTaken)++; // also after an exception, so that no random number comes twice
        }
    }

    /// <inheritdoc/>
    public virtual double TrainRate(Tensor x, Tensor delta, double rate) => rate;

    /// <inheritdoc/>
    public void Add(Tensor change, int samples, double rate)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Rates = new(rate, rate);
        OnAdd(change, StepStream.Split("add"));
        var times = 0;
        Pass(samples, ref times);
        State.Counter(StepsTaken)++;
    }

    /// <summary>Lets the time of examples pass without a change that anybody asks for, as in a frozen layer.</summary>
    /// <param name="samples">Number of training examples.</param>
    public void Idle(int samples)
    {
        var times = 0;
        Rates = default;
        for (var left = samples; left > 0;)
        {
            var count = (int)Math.Min(left, schedule.UntilDue(Examples));
            left -= count;
            Pass(count, ref times);
        }
        State.Counter(StepsTaken)++;
    }

    /// <summary>Lets time pass that no training example takes, as while the array is only read.</summary>
    /// <param name="seconds">The time (s).</param>
    /// <exception cref="ArgumentOutOfRangeException">Time does not run backward.</exception>
    public void Wait(double seconds)
    {
        if (!(seconds >= 0 && double.IsFinite(seconds)))
            throw new ArgumentOutOfRangeException(nameof(seconds), $"CellArray.Wait needs a finite time of at least 0 s, but got {seconds}.");
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Rates = default;
        Settle(StepStream.Split("wait"));
        Spend(seconds, StepStream.Split("waited"));
        State.Counter(StepsTaken)++;
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
        engine = Engines.For(weights.device);
        State.MoveTo(weights.device);
        foreach (var array in devices)
            array.Moved();
    }

    /// <summary>Recomputes the weights from the state, as after loading it.</summary>
    public abstract void Refresh();

    /// <inheritdoc/>
    public void Dispose()
    {
        State.Dispose();
        foreach (var array in devices)
            array.Forget();
        PulseCounts?.Up.Dispose();
        PulseCounts?.Down.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Brings the cells to target weights.</summary>
    protected abstract void OnWrite(Tensor targets, Rng rng);

    /// <summary>Applies pulse trains.</summary>
    protected abstract void OnUpdate(TrainPair trains, Rng rng);

    /// <summary>Takes a batch with all that is due in it at once, where that is the same and quicker than to cut it; false to have it cut.</summary>
    /// <remarks>Who takes it counts its examples by <see cref="CountExamples"/>.</remarks>
    /// <param name="trains">The trains.</param>
    /// <param name="rng">A stream of its own.</param>
    protected virtual bool OnBatch(TrainPair trains, Rng rng) => false;

    /// <summary>Moves the weights by given amounts, without trains.</summary>
    protected abstract void OnAdd(Tensor change, Rng rng);

    /// <summary>Lets time pass in the devices, and works out the weights anew; where the schedule settles.</summary>
    /// <param name="seconds">The time since it was called last (s), above 0.</param>
    /// <param name="rng">A stream of its own.</param>
    protected virtual void OnTime(double seconds, Rng rng)
    {
    }

    /// <summary>Does what is due; the time until now has been worked in.</summary>
    /// <param name="duty">One of those of the schedule.</param>
    /// <param name="rng">A stream of its own.</param>
    protected virtual void OnDue(Duty duty, Rng rng)
    {
    }

    /// <summary>Manufactures a hidden array of devices; to be called in the constructor.</summary>
    /// <param name="device">What they are.</param>
    /// <param name="role">Their role, which prefixes the names of their tensors.</param>
    /// <param name="shape">Outputs × inputs; null for one device a weight.</param>
    /// <param name="areWeights">Whether the values of the devices are the weights, so that memory holds them once.</param>
    protected DeviceArray AddDevices(PulsedDevice device, string role, long[]? shape = null, bool areWeights = false)
    {
        var array = new DeviceArray(device, role, State, Stream, shape ?? Weights.shape, Weights.device, Cell.Defects, areWeights ? () => Weights : null);
        devices.Add(array);
        return array;
    }

    /// <summary>Manufactures a hidden array of non-volatile devices that are written in closed loop; to be called in the constructor.</summary>
    /// <param name="memory">How they age, and scatter from read to read.</param>
    /// <param name="writer">How they are written.</param>
    /// <param name="role">Their role, which prefixes the names of their tensors.</param>
    protected MemoryArray AddMemory(MemoryStatistics memory, ConductanceWriter writer, string role) =>
        new(memory, writer, Cell.Defects, role, State, Stream, Weights.shape, Weights.device);

    /// <summary>Lets time pass that is no example's, as during a transfer.</summary>
    /// <param name="seconds">The time (s); nothing happens in none.</param>
    /// <param name="rng">A stream of its own.</param>
    protected void Spend(double seconds, Rng rng)
    {
        if (seconds == 0 || !schedule.Settles)
            return;
        if (schedule.KeepsClock)
            State[Clock].add_(seconds);
        OnTime(seconds, rng);
    }

    /// <summary>Sends devices the pulses of trains, which move the weights and are counted as updates.</summary>
    protected void Pulse(DeviceArray array, PulseTarget target, TrainPair trains, Rng rng)
    {
        (target.UpCounts, target.DownCounts) = (PulseCounts?.Up, PulseCounts?.Down);
        Run(array, array.Under(trains.Size), target, engine.Update(target, trains, rng), PulsesSent);
    }

    /// <summary>Sends every device its own number of pulses that learning asks for, upward where it is positive; they are counted as updates.</summary>
    /// <param name="array">The devices.</param>
    /// <param name="target">How the weights follow.</param>
    /// <param name="counts">Numbers of pulses of the shape of the values (int32).</param>
    /// <param name="rng">A stream of its own.</param>
    protected void Pulse(DeviceArray array, PulseTarget target, Tensor counts, Rng rng)
    {
        var raises = target.Gain > 0;
        (target.UpCounts, target.DownCounts) = raises ? (PulseCounts?.Up, PulseCounts?.Down) : (PulseCounts?.Down, PulseCounts?.Up);
        Run(array, array.Device, target, engine.Pulse(target, counts, rng), PulsesSent);
    }

    /// <summary>Numbers of pulses (int32) from whole numbers: no more than so many, and none where arithmetic gave no number.</summary>
    /// <param name="wanted">Whole numbers, positive upward.</param>
    /// <param name="most">Most pulses of either direction.</param>
    protected static Tensor Counts(Tensor wanted, int most) => wanted.nan_to_num(0).clamp_(-most, most).to(ScalarType.Int32);

    /// <summary>Sends every device its own number of pulses, upward where it is positive; they are counted as programming.</summary>
    protected void Program(DeviceArray array, PulseTarget target, Tensor counts, Rng rng)
    {
        (target.UpCounts, target.DownCounts) = (null, null);
        Run(array, array.Device, target, engine.Pulse(target, counts, rng), ProgrammingPulsesSent);
    }

    /// <summary>Raises devices in closed loop, pulse by pulse, until they come near their goals; the pulses are counted as programming.</summary>
    /// <inheritdoc cref="IPulseEngine.Seek" path="/param"/>
    protected void Seek(DeviceArray array, PulseTarget target, Tensor goals, float tolerance, int most, Rng rng)
    {
        (target.UpCounts, target.DownCounts) = (null, null);
        Run(array, array.Device, target, engine.Seek(target, goals, tolerance, most, rng), ProgrammingPulsesSent);
    }

    /// <summary>Works out the weights from the values of devices.</summary>
    protected void Read(DeviceArray array, PulseTarget target) => array.Device.Accept(engine.Read(target, StepStream.Split("read")));

    /// <summary>What a read of the devices sees, each by itself, in the caller's dispose scope.</summary>
    protected Tensor Read(DeviceArray array)
    {
        var seen = empty_like(array.Planes.Value);
        array.Device.Accept(engine.Read(new PulseTarget { Planes = array.Planes, Weights = seen }, default));
        return seen;
    }

    /// <summary>Books pulses that programmed devices.</summary>
    protected void CountProgramming(long pulses) => State.Counter(ProgrammingPulsesSent) += pulses;

    private void Run(DeviceArray array, PulsedDevice device, PulseTarget target, IPulseStepVisitor work, string counter)
    {
        target.Pulses = 0;
        device.Accept(work);
        array.Hold(target);
        State.Counter(counter) += target.Pulses;
    }

    /// <summary>Lets the time of examples pass, and does what is due after them.</summary>
    /// <param name="samples">Number of examples.</param>
    /// <param name="times">How often something was due in this step, so that no random number comes twice.</param>
    private void Pass(int samples, ref int times)
    {
        var before = Examples;
        State.Counter(ExamplesSeen) += samples;
        var anything = Duty.HasPassed(schedule.SettleEvery, before, Examples);
        foreach (var duty in schedule.Duties)
            anything |= duty.IsDue(before, Examples);
        if (!anything)
            return;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var stream = StepStream.Split("examples");
        Settle(stream.Split("settle").Split(before));
        foreach (var duty in schedule.Duties)
            if (duty.IsDue(before, Examples))
                OnDue(duty, times++ == 0 ? stream : stream.Split(times));
    }

    /// <summary>Works the time of the examples since the last time into the cells.</summary>
    private void Settle(Rng rng)
    {
        if (!schedule.Settles)
            return;
        ref var settled = ref State.Counter(SettledUntil);
        var seconds = (Examples - settled) * Cell.ExampleTime;
        settled = Examples;
        if (schedule.KeepsClock)
            State[Clock].add_(seconds);
        OnTime(seconds, rng);
    }
}

/// <summary>The rates of training examples.</summary>
/// <param name="Learning">The learning rate.</param>
/// <param name="Trains">The rate for which pulse trains were drawn.</param>
public readonly record struct TrainingRates(double Learning, double Trains);
