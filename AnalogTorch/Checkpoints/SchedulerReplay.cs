using TorchSharp.Modules;
using static TorchSharp.torch.optim.lr_scheduler;

namespace AnalogTorch.Checkpoints;

/// <summary>Brings a fresh scheduler of learning rates to where the one of a stopped training was.</summary>
/// <remarks>
/// TorchSharp's schedulers keep their state to themselves, but it follows from the steps that they took. Build optimizer and scheduler as the stopped training
/// did, load the checkpoint, then repeat the steps. The rates that the optimizer has from the checkpoint stay as they are.
/// </remarks>
public static class SchedulerReplay
{
    /// <summary>Repeats steps that took no metric.</summary>
    /// <param name="scheduler">The scheduler, fresh from its constructor.</param>
    /// <param name="optimizer">Its optimizer, loaded from the checkpoint.</param>
    /// <param name="steps">Number of calls of <c>step()</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static void Replay(this LRScheduler scheduler, OptimizerHelper optimizer, long steps)
    {
        if (steps < 0)
            throw new ArgumentOutOfRangeException(nameof(steps), $"SchedulerReplay.Replay: steps must be at least 0, but is {steps}; hand in the number of calls of step().");
        Replay(scheduler, optimizer, () =>
        {
            for (var step = 0L; step < steps; step++)
                scheduler.step();
        });
    }

    /// <summary>Repeats steps that took a metric each, as those of <c>ReduceLROnPlateau</c>.</summary>
    /// <param name="scheduler">The scheduler, fresh from its constructor.</param>
    /// <param name="optimizer">Its optimizer, loaded from the checkpoint.</param>
    /// <param name="metrics">What each call of <c>step(metric)</c> was given, in turn.</param>
    public static void Replay(this LRScheduler scheduler, OptimizerHelper optimizer, IEnumerable<double> metrics)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        Replay(scheduler, optimizer, () =>
        {
            foreach (var metric in metrics)
                scheduler.step(metric);
        });
    }

    private static void Replay(LRScheduler scheduler, OptimizerHelper optimizer, Action steps)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        ArgumentNullException.ThrowIfNull(optimizer);
        using var own = new ChunkedStream();
        var options = optimizer.state_dict().Options;
        using (var writer = new StateWriter(own))
            foreach (var group in options)
                group.SaveStateDict(writer);
        // Some multiply the rate that they find, and a fresh one would have found what it set itself.
        foreach (var (group, rate) in optimizer.ParamGroups.Zip(scheduler.get_last_lr() ?? []))
            group.LearningRate = rate;
        try
        {
            steps();
        }
        finally
        {
            own.Position = 0;
            using var reader = new StateReader(own);
            foreach (var group in options)
                group.LoadStateDict(reader);
        }
    }
}
