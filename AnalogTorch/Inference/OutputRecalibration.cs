using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Inference;

/// <summary>Finds gain and offset of every output of a programmed model, matrix by matrix in the order in which the model calls them.</summary>
/// <param name="tiles">The matrices.</param>
/// <param name="passes">Runs the model on one batch after another; they can be run again.</param>
internal sealed class OutputRecalibration(IReadOnlyList<ProgrammedTile> tiles, IReadOnlyList<Action> passes)
{
    /// <summary>Fits all matrices that are called.</summary>
    /// <param name="order">In which order.</param>
    public void Run(RecalibrationOrder order)
    {
        var former = tiles.Select(tile => tile.Recalibration).ToArray();
        try
        {
            foreach (var tile in tiles)
                tile.Recalibration = null;
            if (order == RecalibrationOrder.Together)
            {
                FitTogether();
                return;
            }
            foreach (var tile in InOrder())
                tile.Recalibration = Fit(tile);
        }
        catch
        {
            foreach (var (tile, correction) in tiles.Zip(former))
                tile.Recalibration = correction;
            throw;
        }
    }

    /// <summary>The lines of all matrices, each of which reads what it would if those before were exact.</summary>
    private void FitTogether()
    {
        using var scope = NewDisposeScope();
        var fits = tiles.Select(tile => new LineFit(tile.Outputs)).ToArray();
        foreach (var pass in passes)
        {
            using var inner = NewDisposeScope();
            var wanted = tiles.Select(_ => new Queue<Tensor>()).ToArray();
            try
            {
                SetBypass(true);
                for (var i = 0; i < tiles.Count; i++)
                {
                    var queue = wanted[i];
                    tiles[i].Observers.Watch = outputs => queue.Enqueue(outputs.detach().clone().MoveToOtherDisposeScope(inner));
                }
                pass();
                SetBypass(false);
                for (var i = 0; i < tiles.Count; i++)
                {
                    var (queue, fit, name) = (wanted[i], fits[i], tiles[i].Name);
                    tiles[i].Observers.Watch = outputs =>
                    {
                        var target = queue.TryDequeue(out var kept) ? kept : throw Unlike(name);
                        fit.Add(ByOutput(outputs), ByOutput(target));
                        outputs.copy_(target); // what the next matrices read
                    };
                }
                pass();
            }
            finally
            {
                SetBypass(false);
                foreach (var tile in tiles)
                    tile.Observers.Watch = null;
            }
            for (var i = 0; i < tiles.Count; i++)
                if (wanted[i].Count > 0)
                    throw Unlike(tiles[i].Name);
        }
        foreach (var (tile, fit) in tiles.Zip(fits))
            if (fit.HasValues)
                tile.Recalibration = fit.Line();
    }

    private static InvalidOperationException Unlike(string name) =>
        new($"{name} is called more often in one of two passes over the same batch; RecalibrateOutputs needs a model that calls its layers alike for the same inputs.");

    private List<ProgrammedTile> InOrder()
    {
        var order = new List<ProgrammedTile>();
        foreach (var tile in tiles)
            tile.Observers.Watch = _ => order.Add(tile);
        try
        {
            passes[0]();
        }
        finally
        {
            foreach (var tile in tiles)
                tile.Observers.Watch = null;
        }
        return [.. order.Distinct()];
    }

    /// <summary>The line from what the matrix gives to what the trained weights give, where the whole model runs on those.</summary>
    private OutputCorrection Fit(ProgrammedTile tile)
    {
        using var scope = NewDisposeScope();
        var fit = new LineFit(tile.Outputs);
        foreach (var pass in passes)
        {
            using var inner = NewDisposeScope();
            var wanted = new Queue<Tensor>();
            try
            {
                SetBypass(true);
                tile.Observers.Watch = outputs => wanted.Enqueue(ByOutput(outputs).clone().MoveToOtherDisposeScope(inner));
                pass();
                SetBypass(false);
                tile.Observers.Watch = outputs => fit.Add(ByOutput(outputs), wanted.TryDequeue(out var target) ? target : throw Unlike(tile.Name));
                pass();
            }
            finally
            {
                SetBypass(false);
                tile.Observers.Watch = null;
            }
            if (wanted.Count > 0)
                throw Unlike(tile.Name);
        }
        return fit.Line();
    }

    private void SetBypass(bool isBypassed)
    {
        foreach (var tile in tiles)
            tile.IsBypassed = isBypassed;
    }

    /// <summary>Outputs [samples, outputs, …] as [outputs, values].</summary>
    private static Tensor ByOutput(Tensor outputs) => outputs.detach().transpose(0, 1).flatten(1);

    /// <summary>A least-squares line for each output, from sums over all values.</summary>
    private sealed class LineFit(long outputs)
    {
        private readonly Tensor sums = zeros(5, outputs, ScalarType.Float64); // of y, y*, y², y·y*, 1

        public bool HasValues { get; private set; }

        public void Add(Tensor values, Tensor targets)
        {
            using var scope = NewDisposeScope();
            if (!values.shape.SequenceEqual(targets.shape))
                throw new InvalidOperationException("RecalibrateOutputs needs a model that calls its layers alike for the same inputs, but a layer got another number of inputs in the second pass.");
            HasValues |= values.NumberOfElements > 0;
            var (y, wanted) = (values.cpu().to_type(ScalarType.Float64), targets.cpu().to_type(ScalarType.Float64));
            sums.add_(stack([y.sum(1L), wanted.sum(1L), y.square().sum(1L), (y * wanted).sum(1L), full_like(y, 1.0).sum(1L)]));
        }

        public OutputCorrection Line()
        {
            var count = sums[4];
            var (mean, meanWanted) = (sums[0] / count, sums[1] / count);
            var (variance, covariance) = (sums[2] / count - mean.square(), sums[3] / count - mean * meanWanted);
            // An output that hardly varies says nothing about its gain.
            var gain = where(variance > 1e-10 * sums[2] / count, covariance / variance, ones_like(variance));
            return new(Values(gain), Values(meanWanted - gain * mean));
        }

        private static float[] Values(Tensor tensor) => [.. tensor.to_type(ScalarType.Float32).data<float>()];
    }
}
