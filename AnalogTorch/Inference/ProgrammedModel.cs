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
    private readonly SuspendedLayers suspended;
    private readonly NormStatistics statistics;
    private bool isDisposed;

    internal ProgrammedModel(TModel model, InferenceConfig hardware, long seed, IReadOnlyList<LayerRule> rules)
    {
        if (model.AllTiles().FirstOrDefault(entry => entry.Tile is ProgrammedTile) is { Tile: not null } programmed)
            throw new InvalidOperationException($"{programmed.Tile.Name} is programmed already; dispose of the chip before programming the model again.");
        (Model, Hardware, Seed, suspended) = (model, hardware, seed, new(model));
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

    /// <summary>The model and the chip's state, in a few words.</summary>
    public override string ToString() =>
        isDisposed ? $"{Model.GetName()}, off its chip" : $"{Model.GetName()}, programmed {(Time == 0 ? "just now" : $"{Units.Format(Time, "s")} ago")}";

    /// <summary>Takes the model off the chip; it is what it was before it was programmed.</summary>
    public void Dispose()
    {
        if (isDisposed)
            return;
        isDisposed = true;
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
        foreach (var (_, tile) in Tiles)
            tile.DriftTo(time, evaluation);
        (Time, Evaluation) = (time, evaluation);
        return this;
    }

    private void ThrowIfDisposed()
    {
        if (isDisposed)
            throw new ObjectDisposedException(nameof(ProgrammedModel<>), $"The chip of {Model.GetName()} is disposed of; program the model again.");
    }
}
