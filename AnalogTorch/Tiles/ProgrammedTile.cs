using AnalogTorch.Conductance;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Periphery;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>One weight matrix in programmed memory: it drifts, is read with noise, and learns nothing.</summary>
/// <remarks>What the devices hold is a function of the weights, the config, the stream, the time and the number of the draw, and of nothing else.</remarks>
public sealed class ProgrammedTile : Tile
{
    private const int ReferenceCount = 128; // vectors that a compensation compares
    private const string Wanted = "wanted", Range = "range", Reference = "reference", Before = "before", Programmed = "programmed", Fate = "fate", Stuck = "stuck", Gain = "gain", Offset = "offset";

    private readonly TensorStore memory = new(persistent: false);
    private readonly int places;
    private readonly double span;
    private Tensor weights;
    private Tensor? biasWeights;
    private OutputScale units;
    private readonly Dictionary<string, UInt128> sums;
    private (UInt128 Weights, UInt128? Bias, UInt128 Gain) present;
    private bool isRecalibrated;
    private long draw;

    /// <summary>Programs weights.</summary>
    /// <param name="config">The hardware.</param>
    /// <param name="name">The layer's name, for messages and for the random streams.</param>
    /// <param name="weight">Weights [outputs, …], which stay as they are.</param>
    /// <param name="bias">Bias [outputs], or null.</param>
    /// <param name="rng">The stream of this tile.</param>
    /// <param name="groups">Groups of outputs that have inputs of their own.</param>
    /// <param name="layout">How the weights lie in the array; null for row by row.</param>
    /// <exception cref="ArgumentException">The weights are no finite float32 matrix, or members of the config contradict each other.</exception>
    public ProgrammedTile(InferenceConfig config, string name, Tensor weight, Tensor? bias, Rng rng, long groups = 1, MatrixLayout? layout = null)
        : base(config, name, weight, bias, groups, layout, persistent: false, rng)
    {
        Check(config, name, weight, bias);
        Config = config;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var trained = Matrix(weight.detach());
        if (HasAnalogBias)
            trained = cat([trained, bias!.detach().unsqueeze(1)], 1);
        var range = memory.Add(Range, config.Range.Of(trained));
        var wanted = memory.Add(Wanted, (trained / range.unsqueeze(1)).clamp_(-1f, 1f));
        var task = new ProgrammingTask(wanted, config.Map, config.Memory, config.Programming.Range(config.Memory), config.Defects, Stream.Split("program"));
        span = task.Span;
        var result = config.Programming.Program(task);
        places = result.Conductances.Count;
        for (var place = 0; place < places; place++)
        {
            var conductances = memory.Add($"{Programmed}{place}", result.Conductances[place]);
            memory.Add($"{Fate}{place}", config.Memory.DrawFate(result.Targets[place], task.StreamOf(place).Split("fate")));
            if (task.Stuck(place, conductances.shape) is { } stuck)
                memory.Add($"{Stuck}{place}", stuck);
        }
        Outcome = ProgrammingOutcome.Of(config.Programming, result, config.Programming.Goal(task, result), config.Map.Weights(result.Conductances, span));
        memory.Add(Gain, ones(Outputs, device: weight.device));
        memory.Add(Offset, zeros(Outputs, device: weight.device));
        memory.Add(Reference, Noise.Uniform(Stream.Split("reference"), [ReferenceCount, wanted.shape[1]], weight.device).mul_(2f).sub_(1f));
        var held = Devices(0, 0);
        for (var block = 0; block < Blocks; block++)
            memory.Add($"{Before}{block}", ReadReference(held, block, 0, 0));
        (weights, biasWeights, units) = Prepare(held, 0, 0);
        sums = memory.Names.Where(name => name is not (Gain or Offset)).ToDictionary(name => name, name => HardwareSeal.SumOf(memory[name]));
        present = Present();
        // Beyond its range a weight is clipped; what else is off is the noise of programming.
        var clipped = (trained.abs() > (range * 1.000001f).unsqueeze(1)).to_type(ScalarType.Float32).mean().item<float>();
        Written = WrittenWeights.Of(trained, held * range.unsqueeze(1), 0) with { ClippedShare = clipped };
        Watcher.Accept(weight, HasAnalogBias ? bias : null);
    }

    /// <summary>The hardware.</summary>
    public InferenceConfig Config { get; }

    /// <summary>How well programming went.</summary>
    public ProgrammingOutcome Outcome { get; }

    /// <summary>Time since programming (s).</summary>
    public double Time { get; private set; }

    /// <summary>The conductances right after programming, one tensor a device of a cell (S) [outputs, inputs].</summary>
    public IReadOnlyList<Tensor> Conductances => [.. Enumerable.Range(0, places).Select(place => memory[$"{Programmed}{place}"])];

    /// <summary>The weights that were to be programmed, over what a cell at full conductance stands for [outputs, inputs].</summary>
    public Tensor Targets => memory[Wanted];

    /// <summary>The weights as reads find them, in the layer's own unit and before any compensation [outputs, inputs], a bias in the array not among them.</summary>
    public Tensor Weights => weights;

    /// <summary>What outputs are multiplied by to make up for drift, and by a recalibration [blocks of inputs, outputs]; null for nothing.</summary>
    public Tensor? Correction => units.Correction;

    /// <summary>Goes to a time, and draws the read noise of an evaluation.</summary>
    /// <param name="time">Time since programming (s), at least 0.</param>
    /// <param name="draw">The number of the evaluation at that time.</param>
    public void DriftTo(double time, long draw)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var next = Prepare(Devices(time, draw), time, draw);
        Gate.Exchange(() =>
        {
            Release();
            ((weights, biasWeights, units), Time, this.draw) = (next, time, draw);
            present = Present();
        });
    }

    /// <summary>The gain and the offset of every output that a recalibration found; null before any. They stay whatever the time.</summary>
    internal OutputCorrection? Recalibration
    {
        get => isRecalibrated ? new([.. memory[Gain].cpu().data<float>()], [.. memory[Offset].cpu().data<float>()]) : null;
        set
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            isRecalibrated = value is not null;
            memory[Gain].copy_(value is null ? ones(Outputs) : tensor(value.Gains.ToArray()));
            memory[Offset].copy_(value is null ? zeros(Outputs) : tensor(value.Offsets.ToArray()));
            DriftTo(Time, draw);
        }
    }

    /// <summary>Refuses gains and offsets that are not one for each output, or not finite.</summary>
    internal void Check(OutputCorrection correction)
    {
        if (correction.Gains.Count != Outputs || correction.Offsets.Count != Outputs)
            throw new ArgumentException($"{Name}: a correction must have a gain and an offset for each of its {Outputs} outputs, but has {correction.Gains.Count} and {correction.Offsets.Count}; take it from a chip of the same model.");
        if (!correction.Gains.Concat(correction.Offsets).All(float.IsFinite))
            throw new ArgumentException($"{Name}: the gains and offsets of a correction must be finite, but hold NaN or infinity; take it from a chip of the same model.");
    }

    /// <summary>Whether the layer is computed with the trained weights in floating point instead, as a recalibration wants its outputs to be.</summary>
    internal bool IsBypassed { get; set; }

    /// <summary>Mean over the weights of all their conductances right after programming (S), each as often as its current counts.</summary>
    public double SiemensPerWeight
    {
        get
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            return Conductances.Zip(Config.Map.Significances, (conductance, significance) => Math.Abs(significance) * conductance.mean().item<float>()).Sum();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Release();
        memory.Dispose();
        base.Dispose();
    }

    /// <summary>Refuses what cannot be programmed.</summary>
    internal static void Check(InferenceConfig config, string name, Tensor weight, Tensor? bias)
    {
        Check(name, "be programmed", weight, bias);
        config.CheckAll();
    }

    internal override string Kind => "programmed";

    internal override (long Numbers, int Sums) CheckHardware(Tensor weight, Tensor? bias)
    {
        foreach (var name in memory.Names)
            HardwareSeal.CheckFinite(Name, $"the plane '{name}'", memory[name]);
        foreach (var (name, sum) in sums)
            if (HardwareSeal.SumOf(memory[name]) != sum)
                throw HardwareSeal.Damaged(Name, $"the plane '{name}'", "is not what was programmed");
        if (Present() != present)
            throw HardwareSeal.Damaged(Name, "the effective weights", "are not what its devices hold");
        return (memory.Names.Sum(name => memory[name].NumberOfElements), sums.Count + 1);
    }

    internal override bool LearnsByGradient => false;

    internal override bool ShowsGradients => true; // so that an optimizer moves the weights, and is refused, rather than does nothing

    private protected override AnalogPath ConfiguredPath => IsBypassed ? Exact : Config.Forward;

    internal override AnalogPath BackwardPath => Exact;

    private protected override Tensor WeightsOf(TileCall call) => IsBypassed ? Matrix(call.Weight) : weights;

    private protected override Tensor OwnWeightsOf(TileCall call) => WeightsOf(call).alias();

    private protected override Tensor BiasOf(TileCall call) => IsBypassed ? call.Bias! : biasWeights!;

    private protected override OutputScale? UnitsFor(TileCall call) => IsBypassed ? null : units;

    private protected override Tensor? OffsetsFor(TileCall call) => isRecalibrated && !IsBypassed ? memory[Offset] : null;

    internal override void Keep(TileCall call, LearningExample example) => throw new InvalidOperationException($"{Name} is programmed, and takes no pulses.");

    private protected override void OnBegin(Tensor weight, Tensor? bias, bool learns)
    {
        if (TakeFault() is { } fault)
            throw fault;
        if (learns && is_grad_enabled())
            throw new InvalidOperationException($"{Name}: its weights are programmed and cannot be trained; call eval() before evaluating, freeze them with requires_grad = false, or dispose of the chip before training.");
        if (weights.device_type != weight.device_type || weights.device_index != weight.device_index)
            MoveTo(weight.device);
        switch (Watcher.Look(weight, HasAnalogBias ? bias : null))
        {
            case ParameterChange.Changed:
                throw new InvalidOperationException($"{Name}: its weights were changed after they were programmed, and the devices hold the old ones; dispose of the chip and program the model again.");
            case ParameterChange.Moved or ParameterChange.Restored:
                Watcher.Accept(weight, HasAnalogBias ? bias : null);
                break;
        }
    }

    private static AnalogPath Exact { get; } = new();

    private long LinesOfBlock => Size.AddsDigitally ? Math.Min(Size.MaxInputs, memory[Wanted].shape[1]) : memory[Wanted].shape[1];

    private long Blocks => (memory[Wanted].shape[1] + LinesOfBlock - 1) / LinesOfBlock;

    /// <summary>The weights that the devices hold at a time, over what a cell at full conductance stands for.</summary>
    private Tensor Devices(double time, long draw)
    {
        var stream = At("read", time, draw);
        var conductances = Enumerable.Range(0, places).Select(place =>
        {
            var programmed = memory[$"{Programmed}{place}"];
            var now = Config.Memory.Age(programmed, memory[$"{Fate}{place}"], time);
            var deviation = Config.Memory.ReadDeviation(programmed, now, time);
            var noisy = Noise.Normal(stream.Split(place), now.shape, now.device).mul_(deviation).add_(now).clamp_min_(0f);
            return memory.Names.Contains($"{Stuck}{place}") ? ProgrammingTask.Hold(noisy, memory[$"{Stuck}{place}"]) : noisy;
        });
        return Config.Map.Weights([.. conductances], span);
    }

    /// <summary>What the tile of a block of inputs gives for the reference inputs [vectors, outputs].</summary>
    private Tensor ReadReference(Tensor held, long block, double time, long draw)
    {
        var (first, count) = LinesOf(block);
        return Config.Forward.Read(memory[Reference].narrow(1, first, count).contiguous(), held.narrow(1, first, count).contiguous(), null, At("reference", time, draw).Split(block));
    }

    private (Tensor Weights, Tensor? Bias, OutputScale Units) Prepare(Tensor held, double time, long draw)
    {
        var range = memory[Range];
        var own = held * range.unsqueeze(1);
        var bias = HasAnalogBias ? own.select(1, Inputs).contiguous().DetachFromDisposeScope() : null;
        var correction = Corrections(held, time, draw);
        if (isRecalibrated)
            correction = correction is null ? memory[Gain].unsqueeze(0) : correction * memory[Gain];
        return (own.narrow(1, 0, Inputs).contiguous().DetachFromDisposeScope(), bias, new OutputScale(range, correction));
    }

    private Tensor? Corrections(Tensor held, double time, long draw)
    {
        var outputs = Math.Min(Size.MaxOutputs, Outputs);
        var blocks = new List<Tensor>();
        for (var block = 0L; block < Blocks; block++)
        {
            var (first, count) = LinesOf(block);
            var (before, now) = (memory[$"{Before}{block}"], ReadReference(held, block, time, draw));
            var factors = new List<Tensor>();
            for (var output = 0L; output < Outputs; output += outputs)
            {
                var (start, length) = (output, Math.Min(outputs, Outputs - output));
                var reads = new ReferenceReads(
                    before.narrow(1, start, length), now.narrow(1, start, length),
                    memory[Wanted].narrow(0, start, length).narrow(1, first, count), held.narrow(0, start, length).narrow(1, first, count));
                if (Config.Compensation.Factors(reads) is not { } ofTile)
                    return null;
                factors.Add(ofTile);
            }
            blocks.Add(cat(factors));
        }
        return stack(blocks);
    }

    private (long First, long Count) LinesOf(long block) => (block * LinesOfBlock, Math.Min(LinesOfBlock, memory[Wanted].shape[1] - block * LinesOfBlock));

    private Rng At(string what, double time, long draw) => Stream.Split(what).Split(BitConverter.DoubleToInt64Bits(time)).Split(draw);

    private void MoveTo(Device device)
    {
        memory.MoveTo(device);
        using var scope = NewDisposeScope();
        var (moved, movedBias, movedUnits) = (weights.to(device).DetachFromDisposeScope(), biasWeights?.to(device).DetachFromDisposeScope(), new OutputScale(units.Unit.to(device), units.Correction?.to(device)));
        Release();
        (weights, biasWeights, units) = (moved, movedBias, movedUnits);
        present = Present();
    }

    private (UInt128 Weights, UInt128? Bias, UInt128 Gain) Present() =>
        (HardwareSeal.SumOf(weights), biasWeights is null ? null : HardwareSeal.SumOf(biasWeights), HardwareSeal.SumOf(units.Gain));

    private void Release()
    {
        weights.Dispose();
        biasWeights?.Dispose();
        units.Dispose();
    }
}
