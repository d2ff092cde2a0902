using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AnalogTorch.Inference;

/// <summary>The running statistics of all batch-norm layers of a model, as they were trained and as they are measured anew.</summary>
internal sealed class NormStatistics
{
    private readonly BatchNorm[] norms;
    private (Tensor Mean, Tensor Variance, Tensor Batches)[]? trained;

    public NormStatistics(nn.Module model) => norms = [.. model.modules().OfType<BatchNorm>().Where(norm => norm is { track_running_stats: true, running_mean: not null, running_var: not null })];

    /// <summary>Measures the statistics anew: the mean over all batches that run.</summary>
    /// <param name="batches">Runs the model, batch by batch.</param>
    public void Recalibrate(IEnumerable<Action> batches)
    {
        if (norms.Length == 0)
            throw new InvalidOperationException("RecalibrateBatchNorm needs a model with batch norm that tracks statistics, but this one has none; use a drift compensation such as GlobalCompensation.");
        using var noGrad = no_grad();
        Remember();
        var settings = norms.Select(norm => (norm.training, norm.momentum)).ToArray();
        var count = 0;
        try
        {
            foreach (var batch in batches)
            {
                foreach (var norm in norms)
                {
                    norm.train();
                    norm.momentum = 1.0 / (count + 1); // which makes the running value the mean so far
                }
                batch();
                count++;
            }
        }
        finally
        {
            foreach (var (norm, (training, momentum)) in norms.Zip(settings))
            {
                norm.train(training);
                norm.momentum = momentum;
            }
            if (count == 0)
                Restore();
        }
        if (count == 0)
            throw new InvalidOperationException("RecalibrateBatchNorm needs at least one batch of inputs, but got none.");
    }

    /// <summary>Brings back the statistics that were trained.</summary>
    public void Restore()
    {
        if (trained is null)
            return;
        foreach (var (norm, (mean, variance, batches)) in norms.Zip(trained))
        {
            if (!norm.running_mean!.IsInvalid)
            {
                norm.running_mean.copy_(mean);
                norm.running_var!.copy_(variance);
                norm.num_batches_tracked?.copy_(batches);
            }
            mean.Dispose();
            variance.Dispose();
            batches.Dispose();
        }
        trained = null;
    }

    private void Remember() =>
        trained ??= [.. norms.Select(norm => (Own(norm.running_mean!), Own(norm.running_var!), Own(norm.num_batches_tracked ?? zeros(1))))];

    private static Tensor Own(Tensor tensor) => tensor.clone().DetachFromDisposeScope();
}
