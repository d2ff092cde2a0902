using AnalogTorch.Cells;
using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using AnalogTorch.Updates;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module;

namespace AnalogTorch.Energy;

/// <summary>A layer that is watched while a pass runs.</summary>
internal sealed class WatchedLayer : IDisposable
{
    private readonly string name;
    private readonly Module module;
    private readonly LayerKind? kind;
    private readonly TiledLayer? tiled;
    private readonly LayerHardware? planned;
    private readonly WatchedPass pass;
    private readonly LayerMatrix[] matrices;
    private readonly LayerArray[] arrays;
    private readonly ArrayMeter[] meters = [];
    private readonly DigitalDrive? drive;
    private readonly bool asArray;
    private readonly (long Updates, long Pulses, long Programming, long Transfers)[] before;
    private readonly RuleWork[] workBefore;
    private readonly IDisposable watch;
    private readonly long[] reads, transposed;
    private LayerWork work;
    private long elements;

    private WatchedLayer(string path, Module module, LayerKind? kind, TiledLayer? tiled, LayerHardware? planned, bool asArray, WatchedPass pass)
    {
        (name, this.module, this.kind, this.pass) = (path.Length == 0 ? LayerKind.NameOf(module) : path, module, kind, pass);
        (this.tiled, this.planned, this.asArray) = (tiled, planned, asArray);
        (matrices, arrays) = ([.. kind?.Matrices(module) ?? []], [.. kind?.Arrays(module) ?? []]);
        (reads, transposed) = (new long[matrices.Length], new long[matrices.Length]);
        before = [.. (tiled?.Tiles ?? []).Select(Counters)];
        workBefore = [.. (tiled?.Tiles ?? []).Select(WorkOf)];
        if (tiled is not null)
        {
            meters = [.. matrices.Zip(tiled.Tiles, (matrix, tile) => ArrayMeter.At(module, matrix, tile))];
        }
        else if (kind is not null && (asArray || planned is not null))
        {
            // Both matrices of a recurrent layer share the line of the biases where they share an array.
            var withBias = arrays.Where(array => array.Matrices.Any(index => matrices[index].Bias is not null)).Select(array => array.Matrices[0]).ToArray();
            meters =
            [
                .. matrices.Select((matrix, index) =>
                    planned is null ? ArrayMeter.Of(module, matrix, withBias.Contains(index)) : ArrayMeter.Of(module, new Placement(planned, matrix))),
            ];
            drive = new(module, kind, meters);
        }
        watch = LayerKind.Watch(module, Entering, Seen, Left);
    }

    /// <summary>Has a module watched; null for one that does nothing that is counted.</summary>
    /// <param name="path">Its name in the model.</param>
    /// <param name="module">The module.</param>
    /// <param name="plan">Where layers are that are on no tile.</param>
    /// <param name="pass">What is known of the pass.</param>
    public static WatchedLayer? Of(string path, Module module, DigitalPlan plan, WatchedPass pass)
    {
        var tiled = AnalogLayer.Of(module);
        var kind = tiled?.Kind ?? plan.KindOf(path, module);
        if (kind is not null)
            return new(path, module, kind, tiled, plan.Of(path, module), plan.IsOfDesign, pass);
        var isLeaf = !module.named_children().Any();
        return isLeaf && module is nn.Module<Tensor, Tensor> and not (Identity or Flatten or Unflatten or Dropout or Embedding)
            ? new(path, module, null, null, null, false, pass)
            : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        watch.Dispose();
        drive?.Dispose();
        foreach (var meter in meters)
            meter.Dispose();
    }

    /// <summary>The layer.</summary>
    public Module Module => module;

    /// <summary>Whether it ran.</summary>
    public bool WasSeen { get; private set; }

    /// <summary>What was counted, array by array.</summary>
    public IEnumerable<CensusLayer> Layers() => work == default ? OfArrays() : OfArrays().Append(Beside);

    private IEnumerable<CensusLayer> OfArrays() =>
        kind is null ? [Counted with { Activations = IsActivation ? elements : 0, DigitalElements = IsActivation ? 0 : elements }]
        : tiled is not null ? matrices.Select((_, index) => OnTile(index))
        : planned is not null ? matrices.Select((matrix, index) => Placed(index, new(planned, matrix)))
        : arrays.Select(array => asArray ? OfDesign(array) : Digital(array));

    /// <summary>What output circuits do while they convert; anything else takes digital ones.</summary>
    private bool IsActivation => module is ReLU or ReLU6 or LeakyReLU or Tanh or Sigmoid or Hardtanh or Hardsigmoid or Hardswish;

    /// <summary>What digital circuits do beside the arrays.</summary>
    private CensusLayer Beside => Counted with
    {
        Name = AnalogLayer.Join(name, "digital"),
        DigitalMultiplyAccumulates = work.MultiplyAccumulates,
        DigitalElements = work.Elements,
        Activations = work.Activations,
    };

    private CensusLayer Counted => new() { Name = name, Layer = name, Kind = LayerKind.NameOf(module) };

    /// <summary>A matrix that hardware makes an array of: a tile, or what will be one.</summary>
    private CensusLayer Placed(int index, Placement placement)
    {
        var (forward, backward) = placement.Reads;
        // What one read of all matrices of an array gives is worked on once, after the last; what the others gave is added to it.
        var array = arrays.Single(array => array.Matrices.Contains(index));
        var isLast = array.Matrices[^1] == index;
        return Counted with
        {
            Name = AnalogLayer.Join(name, matrices[index].Suffix),
            IsArray = true,
            HasOwnHardware = true,
            Inputs = placement.Lines,
            Outputs = placement.AllOutputs / matrices[index].Groups,
            Groups = matrices[index].Groups,
            Size = placement.Hardware.Size,
            Slices = placement.Slices,
            Reads = reads[index],
            TransposedReads = transposed[index],
            Forward = DriveMeter.Together(forward, meters[index].Forward),
            Backward = DriveMeter.Together(backward, meters[index].Backward),
            Devices = placement.Devices,
            DigitalElements = reads[index] * (placement.DigitalBiases + (isLast ? array.CellUpdates + (array.Matrices.Count - 1) * placement.AllOutputs : 0)),
        };
    }

    private CensusLayer OnTile(int index)
    {
        var tile = tiled!.Tiles[index];
        var (updates, pulses, programming, transfers) = Less(Counters(tile), before[index]);
        return Placed(index, new(tile.Hardware, matrices[index])) with
        {
            Updates = updates,
            UpdatePulses = pulses,
            ProgrammingPulses = programming,
            Transfers = transfers,
            Trains = tile is AnalogTile { Config.Update: PulseScheme } ? updates : 0,
            Rule = WorkOf(tile) - workBefore[index],
            WritePulses = (tile as ProgrammedTile)?.Outcome.Pulses ?? 0,
            SiemensPerWeight = tile switch
            {
                ProgrammedTile programmed => programmed.SiemensPerWeight,
                AnalogTile analog => analog.Cells.MeanSiemensPerWeight,
                _ => null,
            },
        };
    }

    private CensusLayer OfDesign(LayerArray array) => Counted with
    {
        Name = AnalogLayer.Join(name, array.Suffix),
        IsArray = true,
        Inputs = Lines(array),
        Outputs = matrices[array.Matrices[0]].Outputs / matrices[array.Matrices[0]].Groups,
        Groups = matrices[array.Matrices[0]].Groups,
        Reads = reads[array.Matrices[0]],
        TransposedReads = transposed[array.Matrices[0]],
        Forward = DriveMeter.Together(new(), [.. array.Matrices.Select(index => meters[index].Forward)]),
        DigitalElements = array.CellUpdates * reads[array.Matrices[0]],
    };

    private CensusLayer Digital(LayerArray array) => Counted with
    {
        Name = AnalogLayer.Join(name, array.Suffix),
        DigitalMultiplyAccumulates = Lines(array) * matrices[array.Matrices[0]].Outputs * (reads[array.Matrices[0]] + transposed[array.Matrices[0]]),
        DigitalElements = array.CellUpdates * reads[array.Matrices[0]],
    };

    /// <summary>Input lines of the matrices of an array above each other, and of one bias.</summary>
    private long Lines(LayerArray array) =>
        array.Matrices.Sum(index => matrices[index].Inputs)
        + (array.Matrices.Any(index => matrices[index].Bias is not null) ? 1 : 0);

    private void Entering(LayerInput input)
    {
        WasSeen = true;
        ProductWatch.Pause(); // what its own code multiplies is counted here
        pass.Enter(name, module, input.X);
        if (kind is null)
            return;
        InputShape.Check(name, module, kind, input, pass.Given);
        if (drive is null)
            return;
        drive.Add(input);
        if (!meters.All(meter => meter.Forward.IsFinite))
            throw new ArgumentException($"{name}: the input must be finite, but holds NaN or infinity{pass.Given}; check the sample and the weights.");
    }

    private void Seen(LayerCall call)
    {
        pass.Leave(isSure: call.Output.Length > 0);
        if (kind is null)
        {
            elements += call.OutputElements;
            return;
        }
        for (var matrix = 0; matrix < matrices.Length; matrix++)
        {
            reads[matrix] += kind.Reads(module, call, matrix);
            transposed[matrix] += kind.TransposedReads(module, call, matrix);
        }
        var now = kind.Work(module, call);
        // A backward pass multiplies once more for each of both factors.
        var passes = is_grad_enabled() && (call.WantsGradient || module.parameters().Any(parameter => parameter.requires_grad)) ? 3 : 1;
        work = new(work.MultiplyAccumulates + passes * now.MultiplyAccumulates, work.Elements + now.Elements, work.Activations + now.Activations);
    }

    private static void Left() => ProductWatch.Resume();

    private static RuleWork WorkOf(Tile tile) => tile is AnalogTile analog ? analog.Cells.Work + (analog.BiasCells?.Work ?? default) : default;

    private static (long Updates, long Pulses, long Programming, long Transfers) Counters(Tile tile) => tile is AnalogTile analog
        ? (analog.Cells.Examples, analog.Cells.Pulses + (analog.BiasCells?.Pulses ?? 0), analog.Cells.ProgrammingPulses + (analog.BiasCells?.ProgrammingPulses ?? 0), analog.Cells.Transfers)
        : default;

    private static (long Updates, long Pulses, long Programming, long Transfers) Less((long Updates, long Pulses, long Programming, long Transfers) after, (long Updates, long Pulses, long Programming, long Transfers) before) =>
        (after.Updates - before.Updates, after.Pulses - before.Pulses, after.Programming - before.Programming, after.Transfers - before.Transfers);
}
