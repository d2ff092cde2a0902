using AnalogTorch.Tiles;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace AnalogTorch.Models.MlNet;

/// <summary>Pipelines whose networks are on analog memory.</summary>
public static class ProgrammedPipelines
{
    /// <summary>The networks of a fitted or loaded pipeline.</summary>
    public static IEnumerable<AnalogNetworkTransformer> AnalogNetworks(this ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model switch
        {
            AnalogNetworkTransformer network => [network],
            IEnumerable<ITransformer> chain => Parts(chain) is var (parts, restored) && restored is not null ? restored.AnalogNetworks() : parts.SelectMany(AnalogNetworks),
            _ => [],
        };
    }

    /// <summary>A fitted or loaded pipeline with its networks on chips of analog memory, some time after they were programmed.</summary>
    /// <param name="model">The pipeline, which is left as it is.</param>
    /// <param name="after">Time since programming (s), as in <c>1 * Units.Day</c>.</param>
    /// <param name="hardware">The chip; <see cref="Presets.PcmPresets.Inference"/> if not given, which compensates drift.</param>
    /// <param name="seed">Seed of its devices.</param>
    /// <param name="recalibrateWith">
    /// Rows as the pipeline takes them, some hundred and without labels, on which gain and offset of every output are found anew at that time
    /// (<see cref="Inference.ProgrammedModel{TModel}.RecalibrateOutputs"/>); null for drift compensation alone.
    /// </param>
    /// <exception cref="ArgumentException">There is no network in the pipeline, or the time is negative.</exception>
    /// <exception cref="InvalidOperationException">No row has finite features.</exception>
    public static ITransformer Programmed(this ITransformer model, double after, InferenceConfig? hardware = null, long seed = 0, IDataView? recalibrateWith = null)
    {
        if (!model.AnalogNetworks().Any())
            throw new ArgumentException("Programmed needs a pipeline with an AnalogNetwork in it, but there is none.", nameof(model));
        return Put(model, recalibrateWith, (network, rows) => network.Programmed(after, hardware, seed, rows));
    }

    private static ITransformer Put(ITransformer model, IDataView? rows, Func<AnalogNetworkTransformer, IDataView?, AnalogNetworkTransformer> change)
    {
        switch (model)
        {
            case AnalogNetworkTransformer network:
                return change(network, rows);
            case FeatureContributionTransformer contributions:
                return contributions.Of(change(contributions.Network, rows));
            case IEnumerable<ITransformer> chain:
                var (parts, restored) = Parts(chain);
                if (restored is not null)
                    return Put(restored, rows, change);
                var changed = new ITransformer[parts.Length];
                for (var i = 0; i < parts.Length; i++)
                {
                    changed[i] = Put(parts[i], rows, change);
                    rows = rows is null ? null : parts[i].Transform(rows);
                }
                return new TransformerChain<ITransformer>(changed);
            default:
                return model;
        }
    }

    private static (ITransformer[] Parts, BatchTransformer? Restored) Parts(IEnumerable<ITransformer> chain)
    {
        ITransformer[] parts = [.. chain];
        return (parts, SavedState.Restored(parts));
    }
}
