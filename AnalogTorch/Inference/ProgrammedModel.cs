using System.Globalization;
using AnalogTorch.Core;
using AnalogTorch.Layers;
using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Inference;

/// <summary>A model whose weights are in programmed memory, at a time after it was programmed.</summary>
/// <remarks>
/// The model itself runs on the chip, and the chip can stand wherever the model can. It is programmed once; <see cref="DriftTo"/> goes to any time
/// from then on, and what it finds there does not depend on the times that were visited before. The read noise is that of one evaluation until
/// <see cref="ReadAnew"/> draws that of the next.
/// </remarks>
/// <typeparam name="TModel">Type of the model.</typeparam>
public sealed class ProgrammedModel<TModel> : IDisposable where TModel : nn.Module
{
    private readonly string modelName;
    private readonly SuspendedLayers suspended;
    private readonly NormStatistics statistics;
    private int disposals;

    internal ProgrammedModel(TModel model, InferenceConfig hardware, long seed, IReadOnlyList<LayerRule> rules)
    {
        if (model.AllTiles().FirstOrDefault(entry => entry.Tile is ProgrammedTile) is { Tile: not null } programmed)
            throw new InvalidOperationException($"{programmed.Tile.Name} is programmed already; dispose of the chip before programming the model again.");
        (Model, modelName, Hardware, Seed, suspended) = (model, model.GetName(), hardware, seed, new(model)); // the name while the model has one
        try
        {
            Layers = ModelConversion.Program(model, hardware, seed, [.. rules, .. suspended.DigitalRules]);
        }
        catch
        {
            model.ToDigital(); // what was programmed before it failed
            suspended.Resume();
            throw;
        }
        Tiles = [.. model.AllTiles().Select(entry => (entry.Name, (ProgrammedTile)entry.Tile))];
        suspended.HandOver(Tiles);
        statistics = new(model);
        Report = new(Tiles);
    }

    /// <summary>The model, which runs on the chip.</summary>
    public TModel Model { get; }

    /// <summary>The hardware of layers that no rule is about.</summary>
    public InferenceConfig Hardware { get; }

    /// <summary>The seed of all devices and all noise.</summary>
    public long Seed { get; }

    /// <summary>What became of every layer; its <c>ToString</c> is a table.</summary>
    public ConversionReport Layers { get; }

    /// <summary>How well every array was programmed; its <c>ToString</c> is a table.</summary>
    public ProgrammingReport Report { get; }

    /// <summary>The programmed arrays, by the names of their layers, and of the matrix where a layer has several.</summary>
    public IReadOnlyList<(string Name, ProgrammedTile Tile)> Tiles { get; }

    /// <summary>Time since programming (s).</summary>
    public double Time { get; private set; }

    /// <summary>The number of the evaluation at this time, whose read noise the chip shows.</summary>
    public long Evaluation { get; private set; }

    /// <summary>The model, for whatever takes one.</summary>
    public static implicit operator TModel(ProgrammedModel<TModel> chip)
    {
        ArgumentNullException.ThrowIfNull(chip);
        chip.ThrowIfDisposed();
        return chip.Model;
    }

    /// <summary>Goes to a time after programming.</summary>
    /// <param name="time">Time since programming (s); 0 is the first read after it.</param>
    /// <returns>The chip itself.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative or not finite.</exception>
    public ProgrammedModel<TModel> DriftTo(double time)
    {
        if (!(time >= 0 && double.IsFinite(time)))
            throw new ArgumentOutOfRangeException(nameof(time), $"DriftTo needs a time of at least 0 s after programming, but got {time.ToString(CultureInfo.InvariantCulture)} s; times are absolute, as in DriftTo(1 * Units.Day).");
        return Show(time, 0);
    }

    /// <summary>Draws the read noise anew, as a later evaluation at the same time would meet it.</summary>
    /// <returns>The chip itself.</returns>
    public ProgrammedModel<TModel> ReadAnew() => Show(Time, Evaluation + 1);

    /// <summary>Evaluates several times at this time, each with read noise of its own.</summary>
    /// <param name="repeats">How often.</param>
    /// <param name="metric">What the model gives, such as its accuracy.</param>
    /// <returns>What each evaluation gave.</returns>
    public double[] Evaluate(int repeats, Func<TModel, double> metric)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(repeats);
        ArgumentNullException.ThrowIfNull(metric);
        ThrowIfDisposed();
        var results = new double[repeats];
        for (var i = 0; i < repeats; i++)
        {
            if (i > 0)
                ReadAnew();
            results[i] = metric(Model);
        }
        return results;
    }

    /// <summary>Takes the statistics of all batch-norm layers anew from inputs, at the present time: a compensation of drift that needs no labels.</summary>
    /// <remarks>
    /// "AdaBS" of Joshi et al., Nature Communications 11:2473 (2020), who used some 1,300 to 2,600 images. Statistics are the means over all
    /// batches. Disposing of the chip restores those that were trained.
    /// </remarks>
    /// <param name="batches">Inputs of the model; nothing of them is kept.</param>
    /// <param name="run">Runs the model on a batch.</param>
    /// <exception cref="InvalidOperationException">The model has no batch norm with statistics, or there is no batch.</exception>
    public void RecalibrateBatchNorm<TBatch>(IEnumerable<TBatch> batches, Action<TModel, TBatch> run)
    {
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(run);
        ThrowIfDisposed();
        statistics.Recalibrate(batches.Select(batch => (Action)(() =>
        {
            using var scope = NewDisposeScope();
            run(Model, batch);
        })));
    }

    /// <summary>Finds gain and offset of every output anew, at the present time, so that a chip gives for these inputs what the trained weights give: a compensation of drift that needs no labels.</summary>
    /// <remarks>
    /// Chips have a digital factor and a digital offset beside each converter, which also take up what programming and converters do to an output on
    /// average: Le Gallo et al., Nature Electronics 6:680 (2023), and Ambrogio et al., Nature 620:768 (2023), calibrate both on inputs. They are found here by least squares against the
    /// network in floating point, matrix by matrix in the order of the calls, each behind those that are done; so noise shrinks a gain as far as is best. Some hundred inputs do. The model
    /// runs twice on all batches for each matrix. What was found stays whatever the time, until it is found anew or
    /// <see cref="OutputCorrections"/> are set; factors of <see cref="InferenceConfig.Compensation"/> come on top.
    /// </remarks>
    /// <param name="batches">Inputs of the model; nothing of them is kept.</param>
    /// <param name="run">Runs the model on a batch.</param>
    /// <param name="order">Matrix by matrix, or all matrices in two runs, for models of many.</param>
    /// <exception cref="InvalidOperationException">There is no batch, or the model calls its layers differently when it sees a batch again.</exception>
    public void RecalibrateOutputs<TBatch>(IEnumerable<TBatch> batches, Action<TModel, TBatch> run, RecalibrationOrder order = RecalibrationOrder.OneByOne)
    {
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(run);
        ThrowIfDisposed();
        Action[] passes = [.. batches.Select(batch => (Action)(() =>
        {
            using var scope = NewDisposeScope();
            run(Model, batch);
        }))];
        if (passes.Length == 0)
            throw new InvalidOperationException("RecalibrateOutputs needs at least one batch of inputs, but got none.");
        using var noGrad = no_grad();
        new OutputRecalibration([.. Tiles.Select(entry => entry.Tile)], passes).Run(order);
    }

    /// <summary>What <see cref="RecalibrateOutputs"/> found, by the names of <see cref="Tiles"/>; empty before it. Setting it brings a chip of the same hardware and seed to the same state.</summary>
    /// <exception cref="ArgumentException">There is no array of a name, or it has another number of outputs, or numbers are not finite.</exception>
    public IReadOnlyDictionary<string, OutputCorrection> OutputCorrections
    {
        get => Tiles.Where(entry => entry.Tile.Recalibration is not null).ToDictionary(entry => entry.Name, entry => entry.Tile.Recalibration!);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            ThrowIfDisposed();
            if (value.Keys.FirstOrDefault(name => Tiles.All(entry => entry.Name != name)) is { } unknown)
                throw new ArgumentException($"OutputCorrections names '{unknown}', but the arrays of this chip are {string.Join(", ", Tiles.Select(entry => entry.Name))}; take them from a chip of the same model.");
            foreach (var (name, tile) in Tiles)
                if (value.TryGetValue(name, out var correction))
                    tile.Check(correction);
            foreach (var (name, tile) in Tiles)
                tile.Recalibration = value.GetValueOrDefault(name);
        }
    }

    /// <summary>The model and the chip's state, in a few words.</summary>
    public override string ToString() =>
        IsDisposed ? $"{modelName}, off its chip" : $"{modelName}, programmed {(Time == 0 ? "just now" : $"{Units.Format(Time, "s")} ago")}";

    /// <summary>Takes the model off the chip; it is what it was before it was programmed.</summary>
    /// <remarks>
    /// Waits for layers that other threads read right now. A call of theirs that is on its way through the model ends in an
    /// <see cref="ObjectDisposedException"/>; those that begin later find the model as it was before.
    /// </remarks>
    public void Dispose()
    {
        if (Interlocked.Increment(ref disposals) > 1)
            return;
        foreach (var (_, tile) in Tiles)
            tile.Gate.Close($"{tile.Name}: the chip of {modelName} was disposed of; end calls on other threads first, or program the model again.");
        foreach (var (_, tile) in Tiles)
            tile.Gate.Settle();
        statistics.Restore();
        if (!suspended.IsModelGone)
            Model.ToDigital();
        foreach (var (_, tile) in Tiles)
            tile.Dispose();
        suspended.Resume();
    }

    private ProgrammedModel<TModel> Show(double time, long evaluation)
    {
        ThrowIfDisposed();
        // All of them before the first, and after the last: no pass of another thread finds some at one time and some at another.
        foreach (var (_, tile) in Tiles)
            tile.Gate.BeginChange();
        try
        {
            foreach (var (_, tile) in Tiles)
                tile.DriftTo(time, evaluation);
        }
        finally
        {
            foreach (var (_, tile) in Tiles)
                tile.Gate.EndChange();
        }
        (Time, Evaluation) = (time, evaluation);
        return this;
    }

    private bool IsDisposed => Volatile.Read(ref disposals) > 0;

    private void ThrowIfDisposed()
    {
        if (IsDisposed)
            throw new ObjectDisposedException(null, $"The chip of {modelName} is disposed of; program the model again.");
    }
}
