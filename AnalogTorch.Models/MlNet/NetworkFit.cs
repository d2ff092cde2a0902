using AnalogTorch.Checkpoints;
using AnalogTorch.Core;
using AnalogTorch.Kernels;
using AnalogTorch.Layers;
using AnalogTorch.Models.Transfer;
using AnalogTorch.Periphery;
using AnalogTorch.Tiles;
using Microsoft.ML.Runtime;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Models.MlNet;

/// <summary>The training of one network on rows in memory.</summary>
internal sealed class NetworkFit(AnalogNetworkOptions options, LearningTask task, long seed, IHost host, IChannel channel)
{
    private const int CalibrationBatches = 8, ValidationBatch = 256;
    private readonly Rng rng = Rng.FromSeed(seed);

    /// <summary>Takes a share of the rows away for validation.</summary>
    /// <exception cref="InvalidOperationException">There are too few.</exception>
    public static (TrainingRows Training, TrainingRows Validation) Split(TrainingRows rows, double share, long seed)
    {
        var count = (long)Math.Round(rows.Count * share);
        if (count < 1 || count >= rows.Count)
            throw new InvalidOperationException(FormattableString.Invariant($"AnalogNetworkOptions.ValidationFraction of {share} leaves {count} of {rows.Count} rows for validation: there must be one or more, and some to train on."));
        using var scope = NewDisposeScope();
        var order = OrderOf(rows.Count, Rng.FromSeed(seed).Split("validation"));
        return (rows.Select(order.narrow(0, count, rows.Count - count)), rows.Select(order.narrow(0, 0, count)));
    }

    /// <summary>The order in which rows are trained on in an epoch, int64 [rows].</summary>
    public static Tensor OrderOf(long rows, Rng rng) => Noise.Uniform(rng, [rows]).argsort();

    /// <summary>Trains, and returns the network as data.</summary>
    public SavedNetwork Run(TrainingRows rows, TrainingRows? validation)
    {
        using var scope = NewDisposeScope();
        using var scaling = options.ScaleFeatures ? FeatureScaling.Fit(rows.Features) : null;
        var features = (int)rows.Features.shape[1];
        using var network = SavedNetwork.Make(options.Network, new(features, task.Outputs, seed));
        var inputs = Inputs(rows, scaling);
        RefuseOtherShape(network, inputs);
        if (options.Training.LayersOn is { } hardware)
            channel.Trace(MessageSensitivity.None, network.ToAnalog(hardware, seed, options.Rules).ToString());
        network.to(options.Device);
        Calibrate(network, inputs);
        var weights = Train(network, rows, inputs, validation, validation is null ? null : Inputs(validation, scaling));
        return SavedNetwork.Of(options, task, features, seed, scaling, weights);
    }

    /// <summary>The ordinary loop.</summary>
    private byte[] Train(Module<Tensor, Tensor> network, TrainingRows rows, Tensor inputs, TrainingRows? validation, Tensor? validationInputs)
    {
        var targets = task.Targets(rows.Labels).to(options.Device);
        var weights = rows.Weights?.to(options.Device);
        using var optimizer = options.Training.CreateOptimizer(network.parameters());
        using var progress = host.StartProgressChannel("Training");
        var (best, bestLoss, since) = ((byte[]?)null, double.PositiveInfinity, 0);
        for (var epoch = 0; epoch < options.Epochs; epoch++)
        {
            using var epochScope = NewDisposeScope();
            foreach (var group in optimizer.ParamGroups)
                group.LearningRate = RateOf(epoch);
            var order = OrderOf(rows.Count, rng.Split("order").Split(epoch)).to(options.Device);
            var total = zeros(1, device: options.Device);
            network.train();
            for (long start = 0; start < rows.Count; start += options.BatchSize)
            {
                options.Cancel.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                var batch = order.narrow(0, start, Math.Min(options.BatchSize, rows.Count - start));
                optimizer.zero_grad();
                var losses = task.Losses(network.call(inputs.index_select(0, batch)), targets.index_select(0, batch));
                if (weights is not null)
                    losses = losses.mul(weights.index_select(0, batch));
                losses.mean().backward();
                optimizer.step();
                total.add_(losses.detach().sum());
            }
            var done = new TrainingEpoch(epoch + 1, options.Epochs, total.item<float>() / rows.Count, validation is null ? double.NaN : Validate(network, validation, validationInputs!));
            Tell(done, progress);
            if (!double.IsFinite(done.Loss))
                throw new InvalidOperationException(FormattableString.Invariant($"The loss was {done.Loss} in epoch {done.Epoch}: choose a smaller {options.Training.GetType().Name}.LearningRate than {options.Training.LearningRate}, or scale features."));
            if (validation is null)
                continue;
            if (done.ValidationLoss < bestLoss)
                (best, bestLoss, since) = (Streams.Bytes(stream => Checkpoint.Save(stream, network)), done.ValidationLoss, 0);
            else if (++since == options.Patience)
            {
                channel.Info(MessageSensitivity.None, FormattableString.Invariant($"Stopped after epoch {epoch + 1}: the loss on the validation rows was best, {bestLoss:G4}, after epoch {epoch + 1 - since}."));
                break;
            }
        }
        if (best is not null)
            return best;
        network.cpu();
        return Streams.Bytes(stream => Checkpoint.Save(stream, network));
    }

    private double RateOf(int epoch)
    {
        var share = options.FinalLearningRateShare;
        return options.Training.LearningRate * (share + (1 - share) * (1 + Math.Cos(Math.PI * epoch / options.Epochs)) / 2);
    }

    private double Validate(Module<Tensor, Tensor> network, TrainingRows rows, Tensor inputs)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        network.eval();
        network.SeekEvaluation(0);
        var targets = task.Targets(rows.Labels).to(options.Device);
        var weights = rows.Weights?.to(options.Device);
        var total = 0.0;
        for (long start = 0; start < rows.Count; start += ValidationBatch)
        {
            options.Cancel.ThrowIfCancellationRequested();
            using var inner = NewDisposeScope();
            var count = Math.Min(ValidationBatch, rows.Count - start);
            var losses = task.Losses(network.call(inputs.narrow(0, start, count)), targets.narrow(0, start, count));
            total += (weights is null ? losses : losses.mul(weights.narrow(0, start, count))).sum().item<float>();
        }
        return total / rows.Count;
    }

    private void Tell(TrainingEpoch done, IProgressChannel progress)
    {
        var text = FormattableString.Invariant($"Epoch {done.Epoch} of {done.Epochs}: loss {done.Loss:G4}");
        channel.Info(MessageSensitivity.None, double.IsNaN(done.ValidationLoss) ? text : FormattableString.Invariant($"{text}, on the validation rows {done.ValidationLoss:G4}"));
        progress.SetHeader(new(["Loss", "ValidationLoss"], ["epochs"]), entry =>
        {
            entry.SetProgress(0, done.Epoch, done.Epochs);
            entry.SetMetric(0, done.Loss);
            entry.SetMetric(1, done.ValidationLoss);
        });
        progress.Checkpoint(done.Loss, done.ValidationLoss, done.Epoch);
        options.EpochDone?.Invoke(done);
    }

    private Tensor Inputs(TrainingRows rows, FeatureScaling? scaling)
    {
        using var noGrad = no_grad();
        return (scaling is null ? rows.Features : scaling.call(rows.Features)).to(options.Device);
    }

    /// <summary>Says what is wrong with a network before hours of training.</summary>
    private void RefuseOtherShape(Module<Tensor, Tensor> network, Tensor inputs)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        network.eval();
        Tensor outputs;
        try
        {
            outputs = network.call(inputs.narrow(0, 0, 1).cpu());
        }
        catch (System.Runtime.InteropServices.ExternalException e)
        {
            throw new InvalidOperationException($"The network of AnalogNetworkOptions.Network must take features [batch, {inputs.shape[1]}] of column '{options.FeatureColumnName}', but failed on them: {e.Message.Split('\n')[0]}", e);
        }
        if (outputs.dim() != 2 || outputs.shape[1] != task.Outputs || outputs.dtype != ScalarType.Float32)
            throw new InvalidOperationException($"The network of AnalogNetworkOptions.Network must give float32 [batch, {task.Outputs}] for label column '{options.LabelColumnName}', but gives {outputs.dtype} [{string.Join(", ", outputs.shape)}] for one row.");
    }

    /// <summary>Measures the ranges of inputs where the hardware wants them measured.</summary>
    private void Calibrate(Module<Tensor, Tensor> network, Tensor inputs)
    {
        if (options.Training.LayersOn is not HardwareAwareConfig { Forward.Scaling: CalibratedScaling })
            return;
        network.CalibrateInputs(inputs.split(ValidationBatch).Take(CalibrationBatches), (model, batch) => model.call(batch));
    }
}
