using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module;

namespace AnalogTorch.Energy;

/// <summary>Counts what a model does, by watching it.</summary>
public static class CensusTaker
{
    /// <summary>Runs a model on a sample and counts; see <see cref="TakeCensus(Module, long, Action)"/>.</summary>
    /// <param name="model">The model; run in evaluation mode, without gradients.</param>
    /// <param name="sample">Its input; the first dimension is that of the samples.</param>
    public static Census TakeCensus(this nn.Module<Tensor, Tensor> model, Tensor sample)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(sample);
        var before = model.modules().Prepend(model).Select(module => (Module: module, module.training)).ToArray();
        try
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            model.eval();
            return model.TakeCensus(sample.shape[0], () => model.call(sample));
        }
        finally
        {
            foreach (var (module, training) in before)
                module.train(training);
        }
    }

    /// <summary>Counts what a model does while something runs: a forward call, whole training steps, an epoch.</summary>
    /// <remarks>
    /// <para>
    /// Reads are counted by hooks, from the real inputs and outputs; pulses by the counters of the simulated cells. A model without tiles is counted as if
    /// all its layers that can be were on arrays with their biases; in one with tiles, the other layers are digital.
    /// </para>
    /// <para>
    /// A read from the output side is counted for each read whose input wants a gradient. What a model's own code works out between its modules, such as
    /// the sum of a shortcut, is not seen, nor is what embeddings look up.
    /// </para>
    /// </remarks>
    /// <param name="model">The model.</param>
    /// <param name="samples">Samples of the pass, by which figures per inference are divided.</param>
    /// <param name="pass">What runs.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no sample.</exception>
    public static Census TakeCensus(this Module model, long samples, Action pass)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(pass);
        if (samples < 1)
            throw new ArgumentOutOfRangeException(nameof(samples), $"TakeCensus needs one sample or more, but got {samples}.");
        var modules = AnalogLayer.Modules(model).Where(entry => !entry.Name.Split('.').Contains(AnalogLayer.StateName)).ToArray();
        var converted = modules.Any(entry => AnalogLayer.Of(entry.Module) is not null);
        var watched = modules.Select(entry => Watched.Of(entry.Name, entry.Module, converted)).OfType<Watched>().ToArray();
        try
        {
            pass();
        }
        finally
        {
            foreach (var one in watched)
                one.Dispose();
        }
        return new([.. watched.SelectMany(one => one.Layers())], samples);
    }

    /// <summary>A layer that is watched.</summary>
    private sealed class Watched : IDisposable
    {
        private readonly string name;
        private readonly Module module;
        private readonly LayerKind? kind;
        private readonly TiledLayer? tiled;
        private readonly bool asArray;
        private readonly (long Updates, long Pulses, long Programming, long Transfers)[] before;
        private readonly IDisposable watch;
        private long reads, transposed, elements;

        private Watched(string name, Module module, LayerKind? kind, TiledLayer? tiled, bool asArray)
        {
            (this.name, this.module, this.kind, this.tiled, this.asArray) = (name, module, kind, tiled, asArray);
            before = [.. (tiled?.Tiles ?? []).Select(Counters)];
            watch = LayerKind.Watch(module, Seen);
        }

        public static Watched? Of(string name, Module module, bool converted)
        {
            var kind = LayerKind.Of(module);
            var tiled = AnalogLayer.Of(module);
            if (kind is not null)
                return new(name, module, kind, tiled, tiled is not null || !converted);
            var isLeaf = !module.named_children().Any();
            return isLeaf && module is nn.Module<Tensor, Tensor> and not (Identity or Flatten or Unflatten or Dropout or Embedding) ? new(name, module, null, null, false) : null;
        }

        public void Dispose() => watch.Dispose();

        public IEnumerable<CensusLayer> Layers()
        {
            var type = LayerKind.NameOf(module);
            if (kind is null)
            {
                yield return new() { Name = name, Kind = type, Activations = IsActivation ? elements : 0, DigitalElements = IsActivation ? 0 : elements };
                yield break;
            }
            var matrices = kind.Matrices(module).ToArray();
            foreach (var array in kind.Arrays(module))
            {
                var first = matrices[array.Matrices[0]];
                var tiles = tiled is null ? [] : array.Matrices.Select(index => tiled.Tiles[index]).ToArray();
                var bias = array.Matrices.Any(index => matrices[index].Bias is not null);
                var inputs = array.Matrices.Sum(index => matrices[index].Weight.NumberOfElements / matrices[index].Weight.shape[0]);
                var lines = inputs + (bias && (tiled is null || tiles.Any(tile => tile.HasAnalogBias)) ? 1 : 0);
                var outputs = first.Weight.shape[0] / first.Groups;
                if (!asArray)
                {
                    yield return new()
                    {
                        Name = AnalogLayer.Join(name, array.Suffix),
                        Kind = type,
                        DigitalMultiplyAccumulates = lines * outputs * first.Groups * (reads + transposed),
                        DigitalElements = array.CellUpdates * reads,
                    };
                    continue;
                }
                var spent = tiles.Zip(array.Matrices.Select(index => before[index]), (tile, start) => Less(Counters(tile), start)).ToArray();
                yield return new()
                {
                    Name = AnalogLayer.Join(name, array.Suffix),
                    Kind = type,
                    IsArray = true,
                    Inputs = lines,
                    Outputs = outputs,
                    Groups = first.Groups,
                    Size = tiles.Length == 0 ? new UnlimitedSize() : tiles[0].Hardware.Size,
                    Reads = reads,
                    TransposedReads = transposed,
                    Updates = spent.Length == 0 ? 0 : spent.Max(counts => counts.Updates),
                    UpdatePulses = spent.Sum(counts => counts.Pulses),
                    ProgrammingPulses = spent.Sum(counts => counts.Programming),
                    Transfers = spent.Length == 0 ? 0 : spent.Max(counts => counts.Transfers),
                    WritePulses = tiles.OfType<ProgrammedTile>().Sum(tile => tile.Outcome.Pulses),
                    Devices = tiles.Sum(tile => tile.DeviceCount),
                    SiemensPerWeight = Conductance(tiles),
                    DigitalElements = array.CellUpdates * reads,
                };
            }
        }

        /// <summary>What output circuits do while they convert; anything else takes digital ones.</summary>
        private bool IsActivation => module is ReLU or ReLU6 or LeakyReLU or Tanh or Sigmoid or Hardtanh or Hardsigmoid or Hardswish;

        private void Seen(LayerCall call)
        {
            if (kind is null)
            {
                elements += call.OutputElements;
                return;
            }
            var count = kind.Reads(module, call);
            reads += count;
            if (call.WantsGradient)
                transposed += count;
        }

        private static (long Updates, long Pulses, long Programming, long Transfers) Counters(Tile tile) => tile is AnalogTile analog
            ? (analog.Cells.Examples, analog.Cells.Pulses + (analog.BiasCells?.Pulses ?? 0), analog.Cells.ProgrammingPulses + (analog.BiasCells?.ProgrammingPulses ?? 0), analog.Cells.Transfers)
            : default;

        private static (long Updates, long Pulses, long Programming, long Transfers) Less((long Updates, long Pulses, long Programming, long Transfers) after, (long Updates, long Pulses, long Programming, long Transfers) before) =>
            (after.Updates - before.Updates, after.Pulses - before.Pulses, after.Programming - before.Programming, after.Transfers - before.Transfers);

        private static double? Conductance(IReadOnlyList<Tile> tiles)
        {
            var known = tiles.Select(tile => (tile.WeightCount, Siemens: tile switch
            {
                ProgrammedTile programmed => programmed.SiemensPerWeight,
                AnalogTile analog => analog.Cells.MeanSiemensPerWeight,
                _ => (double?)null,
            })).ToArray();
            return known.Length == 0 || known.Any(tile => tile.Siemens is null)
                ? null
                : known.Sum(tile => tile.WeightCount * tile.Siemens!.Value) / known.Sum(tile => tile.WeightCount);
        }
    }
}
