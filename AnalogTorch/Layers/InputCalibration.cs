using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Measures the ranges of the inputs that the tiles of a model get.</summary>
public static class InputCalibration
{
    /// <summary>Runs a model on inputs, and sets the input range of every tile whose path has a <see cref="Periphery.CalibratedScaling"/>.</summary>
    /// <remarks>
    /// While it is measured, each sample is divided by its largest value. Ranges stay with the tiles: a checkpoint of the model holds them, and
    /// a chip that the model is programmed into takes them over.
    /// </remarks>
    /// <typeparam name="TModel">Type of the model.</typeparam>
    /// <typeparam name="TBatch">Type of a batch.</typeparam>
    /// <param name="model">A model on tiles.</param>
    /// <param name="batches">Inputs of the model.</param>
    /// <param name="run">Runs the model on a batch; its results live until the batch is done.</param>
    /// <exception cref="InvalidOperationException">No tile has a range to measure, or one got no inputs but zeros.</exception>
    public static void CalibrateInputs<TModel, TBatch>(this TModel model, IEnumerable<TBatch> batches, Action<TModel, TBatch> run) where TModel : nn.Module
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(run);
        var tiles = model.AllTiles().Where(entry => entry.Tile.Measure is not null).ToArray();
        if (tiles.Length == 0)
            throw new InvalidOperationException("CalibrateInputs needs a model with tiles whose forward path has a CalibratedScaling, but there are none; put it into the config first.");
        using var noGrad = no_grad();
        try
        {
            foreach (var (_, tile) in tiles)
                tile.Observers.Record = tile.Measure!.Begin();
            foreach (var batch in batches)
            {
                using var scope = NewDisposeScope();
                run(model, batch);
            }
            foreach (var (name, tile) in tiles)
                if (!(tile.Observers.Record!.Range > 0 && double.IsFinite(tile.Observers.Record.Range)))
                    throw new InvalidOperationException($"{name} got no inputs but zeros; calibrate with inputs that reach every layer.");
            foreach (var (_, tile) in tiles)
                tile.InputRange = tile.Observers.Record!.Range;
        }
        finally
        {
            foreach (var (_, tile) in tiles)
                tile.Observers.Record = null;
        }
    }
}
